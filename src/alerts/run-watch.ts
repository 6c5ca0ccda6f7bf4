import type { Emit, Event } from '../domain/event.ts'
import type { SchedulePolicy } from '../domain/runs/schedule.ts'
import type { Time } from './time.ts'

/** When the last run of any node finished, by the database; null: it does not answer, or none has. */
export type ReadLastRun = () => Promise<{ readonly at: Date; readonly ageMs: number } | null>

interface WatchParts {
  readonly policy: Pick<SchedulePolicy, 'intervalMs' | 'runDeadlineMs'>
  readonly emit: Emit
  readonly time: Time
  readonly lastRun: ReadLastRun
}

/** A run's own work, after its deadline for new queries, and a timer that is late. */
const slackMs = 5_000

/** With an interval of milliseconds, as in demos, the watch would be all that a process does. */
const lookMsMin = 500

/**
 * Notices that no run finishes, whatever the cause is. In the usual case this node's own runs show it, or
 * one read of the database twice an interval.
 */
export class RunWatch {
  readonly #parts: WatchParts
  readonly #lateMs: number
  #stop = new AbortController()
  #isMissing = false
  /** When the last one was seen to finish; at first, when the watch began. */
  #seenAt = 0

  constructor(parts: WatchParts) {
    this.#parts = parts
    const { intervalMs, runDeadlineMs } = parts.policy
    // A run of a large batch may take longer than an interval; it may finish that much later.
    this.#lateMs = intervalMs + runDeadlineMs + slackMs
  }

  begin(): void {
    this.#stop.abort()
    this.#stop = new AbortController()
    this.#seenAt = this.#parts.time.now()
    this.#isMissing = false
    void this.#watch(this.#stop.signal)
  }

  end(): void {
    this.#stop.abort()
  }

  receive({ type }: Event): void {
    if (type === 'run_finished' || type === 'scan_empty') this.#see(this.#parts.time.now())
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { time, policy } = this.#parts
    while (!signal.aborted) {
      await time.wait(Math.max(lookMsMin, policy.intervalMs / 2), signal)
      if (!signal.aborted && this.#isLate()) await this.#look(signal)
    }
  }

  #isLate(): boolean {
    return this.#parts.time.now() - this.#seenAt > this.#lateMs
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { time, emit, lastRun } = this.#parts
    const last = await lastRun().catch(() => null)
    if (signal.aborted) return
    if (last !== null) this.#see(Math.max(this.#seenAt, time.now() - last.ageMs))
    if (!this.#isLate() || this.#isMissing) return
    this.#isMissing = true
    emit({ type: 'runs_missing', lastFinishedAt: last?.at ?? null })
  }

  #see(at: number): void {
    this.#seenAt = at
    if (!this.#isMissing || this.#isLate()) return
    this.#isMissing = false
    this.#parts.emit({ type: 'runs_back' })
  }
}
