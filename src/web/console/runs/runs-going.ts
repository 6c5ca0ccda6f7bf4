import { AsyncLocalStorage } from 'node:async_hooks'
import type { Event } from '../../../domain/event.ts'
import type { Run, RunTrigger } from '../../../domain/run.ts'
import type { Budan } from '../../../service.ts'

/** How far a run of this process has come. */
export interface Progress {
  readonly runId: string
  readonly trigger: RunTrigger
  readonly dryRun: boolean
  /** Orders asked about so far. */
  readonly asked: number
  /** Of how many; null: they are being read. */
  readonly total: number | null
  /** Questions a second; null: nothing can be said yet. */
  readonly perSec: number | null
  readonly leftMs: number | null
}

/** How a run of this process ended that the database may know nothing of. */
export type Unrecorded =
  | { readonly kind: 'failed' }
  /** Its counts are here; what it settled is in the orders' events. */
  | { readonly kind: 'ended'; readonly run: Run }

/** How a run that was begun by hand came to its number, or did not. */
export type Beginning =
  | { readonly kind: 'begun'; readonly runId: string }
  | { readonly kind: 'failed'; readonly error: unknown }

/**
 * The runs of this process while they are going: the database has one line of a run until it ends.
 * Also those that ended while the database was away, for whoever looks at them.
 */
export class RunsGoing {
  readonly #budan: Budan
  readonly #now: () => number
  readonly #going = new Map<string, Going>()
  readonly #unrecorded = new Map<string, Unrecorded>()
  /** By whom a run was begun: of two that begin at once, each hears of its own. */
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

  /** Resolves once the run has its number; the run goes on. Never rejects, and neither does the run. */
  begin(options: { readonly dryRun: boolean }): Promise<Beginning> {
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
        // An order that is closed is asked about twice, and counts once.
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

  #noteStart({ runId, trigger, dryRun }: Extract<Event, { type: 'run_started' }>): void {
    this.#going.set(runId, { trigger, dryRun, orderNos: new Set(), total: null, foundAt: 0 })
    this.#beginner.getStore()?.({ kind: 'begun', runId })
  }

  #noteFound({ runId, count }: Extract<Event, { type: 'scan_found' }>): void {
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
    const asked = going.orderNos.size
    const elapsedMs = this.#now() - foundAt
    const perMs = asked > 0 && elapsedMs > 0 ? asked / elapsedMs : null
    return {
      ...{ runId, trigger, dryRun, asked, total },
      perSec: perMs && perMs * 1000,
      leftMs: perMs && total && Math.max(0, total - asked) / perMs,
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

/** A database that is away for hours: more than anybody looks at. */
const unrecordedMax = 100
