import { join } from 'node:path'
import type { Closing } from '../../bench/closing.ts'
import { Chance } from '../../packages/simulator/src/chance.ts'
import type { Progress } from '../../src/cli/terminal/progress.ts'
import { disturb } from './chaos.ts'
import { standingFaults, standingSwitches } from './faults.ts'
import { Api } from './load/api.ts'
import { Load } from './load/load.ts'
import type { CampaignOptions } from './options.ts'
import { makeOutages } from './outages.ts'
import { intervalMs, leaseMs, notifyUrl } from './settings.ts'
import { openStage, type Stage } from './stage.ts'
import { readBooks } from './verdict/books.ts'
import type { Comparison, TrueTrade } from './verdict/cases.ts'
import { compare } from './verdict/compare.ts'
import { searchLogs } from './verdict/log-search.ts'
import type { CampaignResult } from './verdict/report.ts'
import { eventually, newAbortController } from './wait.ts'

export interface Campaign {
  readonly options: CampaignOptions
  readonly closing: Closing
  readonly log: (line: string) => void
  readonly openProgress: () => Progress
}

/**
 *   start ─► load, kills and outages ─► the faults stop ─► everything is settled ─► compare
 */
export async function campaign({ options, closing, log, openProgress }: Campaign): Promise<{
  stage: Stage
  result: CampaignResult
}> {
  const startedAt = new Date()
  const stage = await openStage(options, closing)
  const api = closing.add(new Api(stage.token), (opened) => opened.close())
  log(`seed ${options.seed}; logs in ${stage.directory}`)
  await stage.gateway.control('PATCH', '/switches', standingSwitches)
  for (const fault of standingFaults) await stage.gateway.control('POST', '/faults', fault)

  const disturbed = await runDisturbed({ options, stage, api, openProgress })
  log('the faults stop')
  const settled = await settle({ ...disturbed, options, stage, api })
  const audit = await api.call(portOf(stage), { method: 'GET', path: '/v1/audit?verify=true' })
  await Promise.all(stage.nodes.map((node) => node.stop()))
  const comparison = await comparisonOf(stage, disturbed.load)
  log('compared')
  const result: CampaignResult = {
    options,
    startedAt,
    seconds: Math.round((Date.now() - +startedAt) / 1_000),
    ...settled,
    purchases: disturbed.load.purchases,
    comparison,
    findings: compare(comparison),
    audit: audit?.status === 200 ? audit.body : null,
    nodeCounts: stage.nodeCounts,
    backendKills: stage.backend.killed,
    outages: disturbed.outages,
    logs: await searchLogs(
      stage.nodes.map(({ name }) => join(stage.directory, `${name}.log`)),
      stage.secrets,
    ),
    statuses: api.statuses,
  }
  return { stage, result }
}

type DisturbOptions = PhaseOptions & Pick<Campaign, 'openProgress'>

interface PhaseOptions {
  readonly options: CampaignOptions
  readonly stage: Stage
  readonly api: Api
}

/** Runs load and chaos until both the time and the kills are reached. Ends with the last new order. */
async function runDisturbed({ options, stage, api, openProgress }: DisturbOptions) {
  const { size, seed } = options
  const ending = newAbortController()
  const over = newAbortController()
  const load = new Load({
    ...{ api, gateway: stage.gateway, over: over.signal, ending: ending.signal },
    chance: new Chance(seed),
    ports: stage.nodes.map(({ port }) => port),
    notifyUrl: notifyUrl(stage.links.callbacks.port),
    ttlMs: size.ttlMins * 60_000,
    ordersPerSecond: size.ordersPerSecond,
  })
  const chance = new Chance(`${seed} chaos`)
  const { signal } = ending
  const others = stage.nodes.length > 1
  const { uptimeMsMean } = size
  const chaos = { chance, uptimeMsMean, leaseMs: others ? leaseMs : null, signal }
  const outages = makeOutages(stage, { size, chance, signal })
  const end = enough({ options, stage, openProgress }).then(() => ending.abort())
  await Promise.all([
    ...[end, load.run(), outages],
    ...stage.nodes.map((node) => disturb(node, chaos)),
    stage.backend.disturb({ chance, uptimeMsMean, signal }),
  ])
  return { load, over, outages: await outages }
}

/** Bounds the campaign on a slow machine: a node that takes longer than this to start has failed. */
const killMsMax = 60_000

async function enough({ options, stage, openProgress }: Omit<DisturbOptions, 'api'>) {
  const { seconds, killsMin } = options.size
  const startedAt = performance.now()
  const passed = () => (performance.now() - startedAt) / 1_000
  const time = openProgress()
  time.stage('load, kills and outages, in seconds', seconds)
  const isTime = () => {
    time.progress(Math.min(Math.floor(passed()), seconds))
    return passed() >= seconds
  }
  await eventually(isTime, { withinMs: seconds * 1_000 })
  time.end()
  const { nodeCounts } = stage
  const kills = openProgress()
  if (nodeCounts.killed < killsMin) kills.stage('until enough nodes were killed', killsMin)
  const isEnough = () => {
    kills.progress(nodeCounts.killed)
    return nodeCounts.killed >= killsMin
  }
  const enoughKilled = await eventually(isEnough, { withinMs: killsMin * killMsMax })
  kills.end()
  if (!enoughKilled) nodeCounts.misbehaved.push(`only ${nodeCounts.killed} kills in ${passed()} s`)
}

/**
 * After the faults an open order may need its whole time to expire, the lease of a dead node, three of
 * the longest waits where the gateway knows no trade, and a run after each: some 30 intervals. The
 * bound is eight times that, because other programs may use the two cores.
 */
const settleIntervalsMax = 240
/** A backlog takes three queries per order, at some 50 per second on a machine that is shared. */
const settleMsEach = 60

/** Stops the faults and keeps the nodes up. Every open order must now end without help. */
async function settle({
  options,
  stage,
  api,
  load,
  over,
}: PhaseOptions & { load: Load; over: AbortController }) {
  const { gateway } = stage
  await gateway.control('DELETE', '/faults')
  const from = performance.now()
  const signal = AbortSignal.timeout(settleIntervalsMax * intervalMs)
  await Promise.all(stage.nodes.map((node) => ensureReady(node, signal)))
  const openAtFirst = await countOpen(stage, api)
  const ttlMs = options.size.ttlMins * 60_000
  const withinMs = settleIntervalsMax * intervalMs + 2 * ttlMs + openAtFirst * settleMsEach
  const settled = await eventually(
    async () =>
      load.unfinished === 0 &&
      (await nothingOpen(stage, api)) &&
      (await redeliverCallbacks(stage)) &&
      deliverWebhooks(stage, api),
    { withinMs, everyMs: 300 },
  )
  over.abort()
  await load.end()
  const ms = Math.round(performance.now() - from)
  return { openAtFirst, settledMs: settled ? ms : null }
}

async function ensureReady(node: Stage['nodes'][number], signal: AbortSignal): Promise<void> {
  if (!node.isUp) node.start()
  if (!node.isReady) await node.becomeReady(signal)
}

/** True when no callback is waiting. The gateway would retry for a day, so its next try is made now. */
async function redeliverCallbacks({ gateway }: Stage): Promise<boolean> {
  const waiting = (await gateway.trades()).filter(({ callback }) => callback === 'waiting')
  await Promise.all(
    waiting.map((trade) => gateway.control('POST', `/orders/${trade.out_trade_no}/redeliver`)),
  )
  return waiting.length === 0
}

/** True when the backend has all that was published. What waits for its next attempt is sent now. */
async function deliverWebhooks(stage: Stage, api: Api): Promise<boolean> {
  const port = portOf(stage)
  // A read of the feed gives all that was committed its place.
  const feed = await api.call(port, { method: 'GET', path: '/v1/events?limit=1' })
  const reply = await api.call(port, { method: 'GET', path: '/v1/deliveries?state=pending' })
  const waiting = reply?.body.deliveries as readonly { id: string }[] | undefined
  for (const { id } of waiting ?? []) {
    await api.call(port, { method: 'POST', path: `/v1/deliveries/${id}/replay` })
  }
  return feed?.status === 200 && waiting?.length === 0
}

/** 0 if no node answers: the backlog then gets no time of its own. */
async function countOpen(stage: Stage, api: Api): Promise<number> {
  const metrics = await api.read(portOf(stage), '/metrics')
  return Number(/^budan_orders\{[^}]*status="pending"[^}]*\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
}

async function nothingOpen(stage: Stage, api: Api): Promise<boolean> {
  const path = '/v1/orders?status=pending&limit=1'
  const reply = await api.call(portOf(stage), { method: 'GET', path })
  return reply?.status === 200 && Array.isArray(reply.body.orders) && reply.body.orders.length === 0
}

function portOf({ nodes }: Stage): number {
  return nodes[0]?.port ?? 0
}

async function comparisonOf(
  { gateway, backend, databaseUrl }: Stage,
  { purchases }: Load,
): Promise<Comparison> {
  const trades: TrueTrade[] = []
  for (const trade of await gateway.trades()) {
    const isPaid = trade.payments.length > 0
    trades.push({
      orderNo: trade.out_trade_no,
      state: trade.trade_state,
      amount: trade.answered?.amount?.total ?? trade.total,
      currency: trade.answered?.amount?.currency ?? trade.currency,
      transactionIds: trade.payments.map((payment) => payment.transaction_id),
      callbacksAccepted: isPaid ? await gateway.acceptedCallbacks(trade.out_trade_no) : 0,
      prepaid: trade.attach?.startsWith('campaign-') ?? false,
    })
  }
  return {
    ordered: purchases,
    trades,
    books: await readBooks(databaseUrl),
    receipts: backend.receipts,
  }
}
