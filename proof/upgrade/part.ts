import { Chance } from '../../packages/simulator/src/chance.ts'
import { eventually } from '../campaign/wait.ts'
import type { Cluster } from './cluster.ts'
import { type Compared, compare, readBooks, readTrades } from './compare.ts'
import type { UpgradeOptions } from './options.ts'
import { type ProofFigures, sealAgain } from './proofs.ts'
import { comparePublished, type PublishedFigures, readPublishing } from './published.ts'
import { intervalMs, type Party } from './settings.ts'
import type { Stage } from './stage.ts'
import { Traffic } from './traffic.ts'

/** A part of the proof while it is played: traffic goes on through all of its phases. */
export interface Playing {
  readonly stage: Stage
  readonly cluster: Cluster
  readonly traffic: Traffic
  readonly options: UpgradeOptions
  readonly log: (line: string) => void
  /** What ought not to be. */
  readonly findings: string[]
  expect(holds: boolean, what: string): void
}

/** What callers and nodes saw in one phase. */
export interface PhaseFigures {
  readonly phase: string
  readonly answers: Readonly<Record<string, number>>
  readonly slowestMs: number
}

export interface PartResult extends Compared {
  readonly name: string
  readonly phases: readonly PhaseFigures[]
  /** Attempts of callbacks by how they ended. */
  readonly callbacks: Readonly<Record<string, number>>
  readonly proofs: ProofFigures
  readonly published: PublishedFigures
  readonly errors: Readonly<Record<'before' | 'now', Readonly<Record<string, number>>>>
}

interface Part {
  readonly name: string
  readonly stage: Stage
  readonly before: string
  readonly options: UpgradeOptions
  readonly log: (line: string) => void
  readonly play: (playing: Playing) => Promise<void>
}

/** Plays it under load, waits until every order has ended, seals what nodes of before have left, and compares. */
export async function playPart({ name, stage, before, play, ...given }: Part): Promise<PartResult> {
  const { options, log } = given
  const cluster = await stage.openCluster(name, before)
  const traffic = new Traffic({
    ...{ cluster, token: stage.token, ordersPerSecond: options.ordersPerSecond },
    ...{ chance: new Chance(`${options.seed} ${name}`), prefix: name.toUpperCase().slice(0, 4) },
  })
  const findings: string[] = []
  const expect = (holds: boolean, what: string) => void (holds || findings.push(what))
  const over = new AbortController()
  const running = traffic.run(over.signal)
  try {
    await play({ stage, cluster, traffic, options, log, findings, expect })
  } finally {
    over.abort()
    await running
  }
  log(`${name}: no new orders`)
  await settled(cluster, stage.parties)
  const audit = await cluster.run('now', ['audit', '--json'])
  expect(audit.code === 0, `audit: ${audit.output}`)
  const proved = await sealAgain(cluster, stage.parties)
  const publishing = await readPublishing(cluster, stage.parties)
  const published = comparePublished(publishing)
  expect(published.figures.before > 0, 'no credit by a node of before was published')
  for (const place of [0, 1]) await cluster.stop(place)
  const compared = compare(await readBooks(cluster.databaseUrl), {
    trades: await readTrades(stage.parties),
    purchases: traffic.purchases,
  })
  findings.push(...compared.findings, ...proved.findings, ...published.findings)
  findings.push(...cluster.counts.misbehaved)
  return {
    ...{ name, ...compared, findings, phases: phasesOf(traffic) },
    callbacks: await callbacksOf(traffic, findings),
    proofs: proved.figures,
    published: published.figures,
    errors: { before: await cluster.errors('before'), now: await cluster.errors('now') },
  }
}

/** The next phase: for as long as the options say, under load. */
export async function phase(
  { traffic, log, options }: Playing,
  { name, parties }: { name: string; parties: readonly Party[] },
): Promise<void> {
  log(name)
  traffic.phase = name
  traffic.parties = parties
  await new Promise((resolve) => setTimeout(resolve, options.seconds * 1_000))
}

/** The same as in a campaign: an order may need its whole time, and a few runs after it. */
const settleIntervalsMax = 240

async function settled(cluster: Cluster, parties: readonly Party[]): Promise<void> {
  await eventually(
    async () => {
      // The gateway tries for a day; its next try is made now.
      for (const { gateway } of parties) {
        for (const trade of await gateway.trades()) {
          if (trade.callback !== 'waiting') continue
          await gateway.control('POST', `/orders/${trade.out_trade_no}/redeliver`)
        }
      }
      const { orders } = await readBooks(cluster.databaseUrl)
      return orders.every(({ status }) => status !== 'pending')
    },
    { withinMs: settleIntervalsMax * intervalMs, everyMs: 500 },
  )
}

function phasesOf({ answers }: Traffic): readonly PhaseFigures[] {
  const phases = [...new Set(answers.map(({ phase: name }) => name))]
  return phases.map((name) => {
    const own = answers.filter((each) => each.phase === name)
    const counts: Record<string, number> = {}
    for (const { status, code, isAtStop } of own) {
      const word = [status ?? 'no answer', code, status === null && isAtStop ? 'at a stop' : null]
      const text = word.filter((each) => each !== null).join(' ')
      counts[text] = (counts[text] ?? 0) + 1
    }
    const slowestMs = Math.round(Math.max(...own.map(({ ms }) => ms)))
    return { phase: name, answers: counts, slowestMs }
  })
}

interface Delivery {
  readonly outcome: string
  readonly status: number | null
}

async function callbacksOf(
  { purchases }: Traffic,
  findings: string[],
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const { party, orderNo } of purchases) {
    if (orderNo === null) continue
    const path = `/orders/${orderNo}/deliveries`
    const listed = await party.gateway.control<{ deliveries: Delivery[] }>('GET', path)
    for (const { outcome, status } of listed?.deliveries ?? []) {
      const word = outcome === 'refused' ? `refused ${status}` : outcome
      counts[word] = (counts[word] ?? 0) + 1
      // A node that is stopping says 503.
      const isFailure = status !== null && status >= 500 && status !== 503
      if (isFailure) findings.push(`a callback for ${orderNo} got ${status}`)
    }
  }
  return counts
}

/** Answers of a server that failed, and connections that ended without one, while no node was being stopped. */
export function failuresIn({ answers }: Traffic): readonly string[] {
  return answers.flatMap(({ status, code, phase: name, isAtStop, ms }) => {
    if (isAtStop) return []
    // The simulator did not answer the node in time, on a machine that is busy with other work.
    if (code === 'gateway_unavailable') return []
    if (status !== null) return status >= 500 ? [`${name}: ${status} ${code}`] : []
    return ms < callerPatienceMs ? [`${name}: no answer`] : []
  })
}

/** A caller gives up a little later; on a machine that is busy with other work it may have to. */
const callerPatienceMs = 4_900
