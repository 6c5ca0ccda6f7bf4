import { AsyncLocalStorage } from 'node:async_hooks'
import type { Event } from '../../../domain/event.ts'
import type { Run, RunTrigger } from '../../../domain/runs/run.ts'
import type { RunWanted } from '../../../orders/requests.ts'
import type { Budan } from '../../../service.ts'

/** The progress of a run of this process. */
export interface Progress {
  readonly runId: string
  readonly trigger: RunTrigger
  readonly dryRun: boolean
  /** Orders that were queried. */
  readonly queried: number
  /** All orders of the run; null: they are being read. */
  readonly total: number | null
  /** Queries per second; null: not known yet. */
  readonly perSec: number | null
  readonly leftMs: number | null
}

/** The end of a run of this process that the database may not have. */
export type Unrecorded =
  | { readonly kind: 'failed' }
  /** Its counts; its settlements are in the orders' events. */
  | { readonly kind: 'ended'; readonly run: Run }

/** The id of a run that was started by hand, or why it has none. */
export type Beginning =
  | { readonly kind: 'begun'; readonly runId: string }
  | { readonly kind: 'failed'; readonly error: unknown }

/**
 * The runs of this process while they are in progress: until a run ends, the database has only its row
 * without results. Also runs that ended while the database was away.
 */
export class RunsGoing {
  readonly #budan: Budan
  readonly #now: () => number
  readonly #going = new Map<string, Going>()
  readonly #unrecorded = new Map<string, Unrecorded>()
  /** The caller of each run: of two that start at once, each gets its own id. */
  readonly #beginner = new AsyncLocalStorage<(beginning: Beginning) => void>()
  readonly #stopListening: () => void

  /** `now` in milliseconds, of a monotonic clock. */
  constructor(budan: Budan, now: () => number = () => performance.now()) {
    this.#budan = budan
    this.#now = now
    this.#stopListening = budan.listen((event) => this.#note(event))
  }

  stopListening(): void {
    this.#stopListening()
  }

  /** Resolves once the run has its id; the run continues. Neither it nor the run rejects. */
  begin(options: RunWanted): Promise<Beginning> {
    return new Promise((resolve) => {
      const run = this.#beginner.run(resolve, () => this.#budan.run(options))
      run.then(
        ({ run: { id } }) => resolve({ kind: 'begun', runId: id }),
        (error: unknown) => resolve({ kind: 'failed', error }),
      )
    })
  }

  /** Newest first. */
  all(): readonly Progress[] {
    return [...this.#going].map(([runId, going]) => this.#progressOf(runId, going)).reverse()
  }

  progress(runId: string): Progress | null {
    const going = this.#going.get(runId)
    return going === undefined ? null : this.#progressOf(runId, going)
  }

  unrecorded(runId: string): Unrecorded | null {
    return this.#unrecorded.get(runId) ?? null
  }

  #note(event: Event): void {
    switch (event.type) {
      case 'run_started':
        this.#noteStart(event)
        break
      case 'scan_found':
        this.#noteFound(event)
        break
      case 'order_answered':
      case 'order_unanswered':
        // An order that is closed is queried twice, and counts once.
        if (event.runId !== undefined) this.#going.get(event.runId)?.orderNos.add(event.orderNo)
        break
      case 'run_unrecorded':
        this.#keep(event.runId, { kind: 'failed' })
        break
      case 'run_finished':
      case 'scan_empty':
        this.#noteEnd(event.run)
        break
      case 'scan_failed':
        if (event.runId !== undefined) this.#going.delete(event.runId)
        break
      default: // Of no run.
    }
  }

  #noteStart({ runId, trigger, dryRun }: Event<'run_started'>): void {
    this.#going.set(runId, { trigger, dryRun, orderNos: new Set(), total: null, foundAt: 0 })
    this.#beginner.getStore()?.({ kind: 'begun', runId })
  }

  #noteFound({ runId, count }: Event<'scan_found'>): void {
    const going = this.#going.get(runId)
    if (going === undefined) return
    if (going.total === null) going.foundAt = this.#now()
    going.total = (going.total ?? 0) + count
  }

  #noteEnd(run: Run): void {
    this.#going.delete(run.id)
    if (this.#unrecorded.has(run.id)) this.#keep(run.id, { kind: 'ended', run })
  }

  #keep(runId: string, unrecorded: Unrecorded): void {
    this.#unrecorded.set(runId, unrecorded)
    const [oldest] = this.#unrecorded.keys()
    if (this.#unrecorded.size > unrecordedMax && oldest !== undefined)
      this.#unrecorded.delete(oldest)
  }

  #progressOf(runId: string, { trigger, dryRun, ...going }: Going): Progress {
    const { total, foundAt } = going
    const queried = going.orderNos.size
    const elapsedMs = this.#now() - foundAt
    const perMs = queried > 0 && elapsedMs > 0 ? queried / elapsedMs : null
    return {
      ...{ runId, trigger, dryRun, queried, total },
      perSec: perMs && perMs * 1000,
      leftMs: perMs && total && Math.max(0, total - queried) / perMs,
    }
  }
}

interface Going {
  readonly trigger: RunTrigger
  readonly dryRun: boolean
  readonly orderNos: Set<string>
  total: number | null
  foundAt: number
}

/** Enough for a database that is away for hours. */
const unrecordedMax = 100
