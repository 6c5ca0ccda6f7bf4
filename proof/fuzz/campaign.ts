import { Chance } from './chance.ts'
import type { Keys } from './keys.ts'
import { expectFlat, type Memory, measureMemory } from './memory.ts'
import { Finding, type OpenTarget, type Target } from './target.ts'

export interface CampaignOptions {
  readonly targets: readonly Target[]
  readonly keys: Keys
  readonly seed: number
  readonly inputs: number
  /** Called after each slice. */
  readonly onProgress?: (done: number) => void
}

export interface Figures {
  readonly target: string
  inputs: number
  accepted: number
  rejected: number
  ms: number
}

export interface Report {
  readonly seed: number
  readonly inputs: number
  readonly targets: readonly Figures[]
  /** At each tenth of the inputs; of a campaign that is long enough to judge it by. */
  readonly memory: readonly Memory[]
  readonly ms: number
  /** Processor time: a fair figure when other programs run beside. */
  readonly cpuMs: number
  readonly found: LocatedFinding | null
}

/** A finding, and the input that caused it. */
export interface LocatedFinding {
  /** Null if no single target caused it, but all of them together. */
  readonly target: string | null
  readonly index: number
  readonly finding: Finding
}

/**
 * Feeds all targets side by side, one slice of each at a time, so that memory is measured while all of
 * them are open. Ends at the first finding.
 */
export async function runCampaign(options: CampaignOptions): Promise<Report> {
  const startedAt = performance.now()
  const cpuAtStart = process.cpuUsage()
  const runs = await openRuns(options)
  const memory: Memory[] = []
  let found: LocatedFinding | null = null
  // With fewer inputs memory grows because the program warms up, not because of a leak.
  const isWarm = options.inputs >= warmInputsMin
  try {
    for (let slice = 1; slice <= slices; slice += 1) {
      for (const run of runs) await run.feedTo(Math.round((run.inputs * slice) / slices))
      if (isWarm && slice % (slices / 10) === 0) memory.push(await measureMemory())
      options.onProgress?.(runs.reduce((sum, run) => sum + run.figures.inputs, 0))
    }
    for (const run of runs) await run.inspect()
    if (isWarm) expectFlat(memory)
  } catch (error) {
    found = locate(error, runs)
  } finally {
    for (const run of runs) await run.close()
  }
  const ms = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuAtStart)
  const cpuMs = (user + system) / 1000
  const targets = runs.map(({ figures }) => figures)
  const inputs = targets.reduce((sum, figures) => sum + figures.inputs, 0)
  return { seed: options.seed, inputs, targets, memory, ms, cpuMs, found }
}

const slices = 200
const warmInputsMin = 200_000

/** Replays one input alone, or all inputs up to it, for targets whose inputs build on one another. */
export async function replay(
  target: Target,
  { keys, seed, index, alone }: { keys: Keys; seed: number; index: number; alone: boolean },
): Promise<LocatedFinding | null> {
  const openTarget = await target.open({ keys, seed })
  const run = new TargetRun({
    target,
    openTarget,
    seed,
    inputs: index + 1,
    from: alone ? index : 0,
  })
  try {
    await run.feedTo(index + 1)
    await run.inspect()
    return null
  } catch (error) {
    return locate(error, [run])
  } finally {
    await run.close()
  }
}

async function openRuns({
  targets,
  keys,
  seed,
  inputs,
}: CampaignOptions): Promise<readonly TargetRun[]> {
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0)
  const runs: TargetRun[] = []
  for (const target of targets) {
    const share = Math.round((inputs * target.weight) / weights)
    runs.push(
      new TargetRun({ target, openTarget: await target.open({ keys, seed }), seed, inputs: share }),
    )
  }
  return runs
}

function locate(error: unknown, runs: readonly TargetRun[]): LocatedFinding {
  if (!(error instanceof Finding)) throw error
  const run = runs.find(({ busy }) => busy)
  return { target: run?.figures.target ?? null, index: run?.index ?? 0, finding: error }
}

interface TargetRunOptions {
  readonly target: Target
  readonly openTarget: OpenTarget
  readonly seed: number
  readonly inputs: number
  readonly from?: number
}

/** The run of one target through its inputs. */
class TargetRun {
  readonly figures: Figures
  readonly inputs: number
  readonly #openTarget: OpenTarget
  readonly #seed: number
  index: number
  /** True while it is fed or inspected, and after that threw a finding. */
  busy = false

  constructor({ target, openTarget, seed, inputs, from = 0 }: TargetRunOptions) {
    this.figures = { target: target.name, inputs: 0, accepted: 0, rejected: 0, ms: 0 }
    this.inputs = inputs
    this.#openTarget = openTarget
    this.#seed = seed
    this.index = from
  }

  async feedTo(end: number): Promise<void> {
    const startedAt = performance.now()
    this.busy = true
    for (; this.index < end; this.index += 1) {
      const chance = new Chance(this.#seed, this.figures.target, this.index)
      this.figures[await this.#openTarget.feed(chance)] += 1
      this.figures.inputs += 1
      if (this.index % inspectEvery === inspectEvery - 1) await this.#openTarget.inspect?.()
    }
    this.busy = false
    this.figures.ms += performance.now() - startedAt
  }

  async inspect(): Promise<void> {
    this.busy = true
    await this.#openTarget.inspect?.()
    this.busy = false
  }

  close(): Promise<void> {
    return this.#openTarget.close()
  }
}

/** An inspection reads whole tables, so it is rare. */
const inspectEvery = 20_000
