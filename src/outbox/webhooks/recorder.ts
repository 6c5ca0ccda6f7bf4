import { setTimeout as delay } from 'node:timers/promises'
import type { Emit } from '../../domain/event.ts'
import { isFailing } from '../../domain/webhooks/endpoint-health.ts'
import type { Store } from '../../store/store.ts'
import type { MadeAttempt, RecordedAttempts } from '../../store/webhooks/webhook-store.ts'

/** The wait before each statement. Attempts that end during it are written by the same statement. */
const restMs = 100

/** While the database is away. */
const retryMs = 1_000

export interface RecorderParts {
  readonly store: Pick<Store, 'recordAttempts'>
  readonly emit: Emit
  readonly endpoint: string
  /** Called with how many were written. */
  readonly onWritten: (count: number) => void
}

/**
 * Writes the results of attempts on one endpoint, many by one statement. Keeps them while the database is
 * away; a delivery whose result is lost with the process is sent again.
 */
export class Recorder {
  readonly #parts: RecorderParts
  readonly #waiting: MadeAttempt[] = []
  #writing: Promise<void> | null = null
  #isEnding = false

  constructor(parts: RecorderParts) {
    this.#parts = parts
  }

  add(attempt: MadeAttempt): void {
    this.#waiting.push(attempt)
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null
    })
  }

  /** Resolves when all is written; while the database is away, after one more attempt. */
  async end(): Promise<void> {
    this.#isEnding = true
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    const { store, emit, endpoint, onWritten } = this.#parts
    while (this.#waiting.length > 0) {
      if (!this.#isEnding) await delay(restMs)
      const attempts = [...this.#waiting]
      try {
        const recorded = await store.recordAttempts({ endpoint, attempts })
        this.#waiting.splice(0, attempts.length)
        report(emit, endpoint, recorded)
        onWritten(attempts.length)
      } catch {
        // The channel, which cannot claim either, says that the database is away.
        if (this.#isEnding) return
        await delay(retryMs, undefined, { ref: false })
      }
    }
  }
}

/** Each change is seen by the one who wrote it, under the endpoint's lock: it is reported once. */
export function report(emit: Emit, endpoint: string, recorded: RecordedAttempts): void {
  const { before, after, now, failed, lastError } = recorded
  if (failed > 0) emit({ type: 'deliveries_given_up', endpoint, count: failed })
  if (isFailing(after) && !isFailing(before)) {
    const { failures, failingSince } = after
    const since = failingSince ?? now
    emit({ type: 'endpoint_failing', endpoint, failures, since, error: lastError ?? 'unknown' })
  }
  if (isFailing(before) && after.failures === 0) {
    const failingMs = +now - +(before.failingSince ?? now)
    emit({ type: 'endpoint_recovered', endpoint, failingMs })
  }
}
