import { Chance } from './chance.ts'
import type { Keys } from './keys.ts'
import { expectFlat, type Memory, measureMemory } from './memory.ts'
import { type Feeding, Finding, type Target } from './target.ts'

export interface CampaignOptions {
  readonly targets: readonly Target[]
  readonly keys: Keys
  readonly seed: number
  readonly inputs: number
  /** Told now and then. */
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
  /** At each tenth of the inputs. */
  readonly memory: readonly Memory[]
  readonly ms: number
  /** Of processor time: what counts where other things run beside. */
  readonly cpuMs: number
  readonly found: Found | null
}

/** What was found, and by which input. */
export interface Found {
  /** Null: no single one, but all of them together. */
  readonly target: string | null
  readonly index: number
  readonly finding: Finding
}

/**
 * Feeds all targets side by side, a slice of each at a time, so that memory is measured with all of
 * them open. Ends at the first finding.
 */
export async function runCampaign(options: CampaignOptions): Promise<Report> {
  const startedAt = performance.now()
  const cpuAtStart = process.cpuUsage()
  const lanes = await openLanes(options)
  const memory: Memory[] = []
  let found: Found | null = null
  try {
    for (let slice = 1; slice <= slices; slice += 1) {
      for (const lane of lanes) await lane.feedTo(Math.round((lane.inputs * slice) / slices))
      if (slice % (slices / 10) === 0) memory.push(await measureMemory())
      options.onProgress?.(lanes.reduce((sum, lane) => sum + lane.figures.inputs, 0))
    }
    for (const lane of lanes) await lane.inspect()
    // Fewer inputs than these warm up the program rather than show a leak.
    if (options.inputs >= warmInputsMin) expectFlat(memory)
  } catch (error) {
    found = foundBy(error, lanes)
  } finally {
    for (const lane of lanes) await lane.close()
  }
  const ms = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuAtStart)
  const cpuMs = (user + system) / 1000
  const targets = lanes.map(({ figures }) => figures)
  const inputs = targets.reduce((sum, figures) => sum + figures.inputs, 0)
  return { seed: options.seed, inputs, targets, memory, ms, cpuMs, found }
}

const slices = 200
const warmInputsMin = 200_000

/** One input alone, or those from the first one on, where they build on one another. */
export async function replay(
  target: Target,
  { keys, seed, index, alone }: { keys: Keys; seed: number; index: number; alone: boolean },
): Promise<Found | null> {
  const feeding = await target.open({ keys, seed })
  const lane = new Lane({ target, feeding, seed, inputs: index + 1, from: alone ? index : 0 })
  try {
    await lane.feedTo(index + 1)
    await lane.inspect()
    return null
  } catch (error) {
    return foundBy(error, [lane])
  } finally {
    await lane.close()
  }
}

async function openLanes({
  targets,
  keys,
  seed,
  inputs,
}: CampaignOptions): Promise<readonly Lane[]> {
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0)
  const lanes: Lane[] = []
  for (const target of targets) {
    const share = Math.round((inputs * target.weight) / weights)
    lanes.push(
      new Lane({ target, feeding: await target.open({ keys, seed }), seed, inputs: share }),
    )
  }
  return lanes
}

function foundBy(error: unknown, lanes: readonly Lane[]): Found {
  if (!(error instanceof Finding)) throw error
  const lane = lanes.find(({ busy }) => busy)
  return { target: lane?.figures.target ?? null, index: lane?.index ?? 0, finding: error }
}

interface LaneOptions {
  readonly target: Target
  readonly feeding: Feeding
  readonly seed: number
  readonly inputs: number
  readonly from?: number
}

/** One target on its way through its inputs. */
class Lane {
  readonly figures: Figures
  readonly inputs: number
  readonly #feeding: Feeding
  readonly #seed: number
  index: number
  /** While it is being fed or inspected; still, when that has found something. */
  busy = false

  constructor({ target, feeding, seed, inputs, from = 0 }: LaneOptions) {
    this.figures = { target: target.name, inputs: 0, accepted: 0, rejected: 0, ms: 0 }
    this.inputs = inputs
    this.#feeding = feeding
    this.#seed = seed
    this.index = from
  }

  async feedTo(end: number): Promise<void> {
    const startedAt = performance.now()
    this.busy = true
    for (; this.index < end; this.index += 1) {
      const chance = new Chance(this.#seed, this.figures.target, this.index)
      this.figures[await this.#feeding.feed(chance)] += 1
      this.figures.inputs += 1
      if (this.index % inspectEvery === inspectEvery - 1) await this.#feeding.inspect?.()
    }
    this.busy = false
    this.figures.ms += performance.now() - startedAt
  }

  async inspect(): Promise<void> {
    this.busy = true
    await this.#feeding.inspect?.()
    this.busy = false
  }

  close(): Promise<void> {
    return this.#feeding.close()
  }
}

/** Whole tables are read then. */
const inspectEvery = 20_000
