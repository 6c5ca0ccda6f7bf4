import type { Clock } from '../domain/clock.ts'
import type { Emit } from '../domain/event.ts'
import type { Locale } from '../i18n/locale.ts'
import { minuteMs } from '../text/time-units.ts'
import type { Alert, AlertType } from './alert.ts'
import { type Collected, Digest } from './digest.ts'
import { Limit } from './limit.ts'
import { messageOf } from './message.ts'
import type { Robot, RobotAnswer, RobotRequest, Verdict } from './robots/robot.ts'
import type { Time } from './time.ts'

/** After a message that said a type, the next of this type is said within this time, with all that came meanwhile. */
const quietMs = 5 * minuteMs

/**
 * After a failure. The last repeats: a robot that was removed is tried some 300 times a day, and one that
 * is back is found within minutes.
 */
const retryMs = [5_000, 30_000, 2 * minuteMs, 5 * minuteMs] as const

/** So that the nodes of one outage do not try at the same moment. */
const jitterMax = 0.1

export interface QueueParts {
  readonly name: string
  readonly robot: Robot
  readonly locale: Locale
  readonly node: string
  readonly clock: Clock
  readonly time: Time
  readonly emit: Emit
  readonly random: () => number
  /** What is the case now. */
  readonly ongoing: () => readonly Alert[]
  /** Throws an error whose message holds no secret. */
  readonly send: (request: RobotRequest, signal: AbortSignal) => Promise<RobotAnswer>
}

/**
 * The messages to one robot, one after the other.
 *
 *   idle ──(alert)──► due at once, or when its type's quiet time ends ──► sent ──► quiet, idle
 *                        ▲                                                │
 *                        └────────────── held, with all that comes ───────┘ (not taken)
 *
 * What is due is sent together: one alert in full, several as a summary. It holds a few of each type, so a
 * robot that is away for days costs no memory, and is then sent one summary, with what is the case now.
 */
export class RobotQueue {
  readonly #parts: QueueParts
  readonly #limit: Limit
  readonly #digest = new Digest()
  readonly #quietUntil = new Map<AlertType, number>()
  #heldUntil = 0
  #failures = 0
  #worker: Promise<void> | null = null
  #woken = new AbortController()
  #sending = new AbortController()
  /** Ended: nothing is taken. Ending: what is there is sent at once, or not at all. */
  #state: 'open' | 'ending' | 'ended' = 'open'

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.#limit = new Limit(parts.robot.limits)
  }

  /** Returns at once. */
  add(alert: Alert): void {
    if (this.#state === 'ended') return
    this.#digest.add(alert)
    this.#wake()
  }

  /** Takes alerts again after an end. */
  begin(): void {
    if (this.#state === 'ended') this.#state = 'open'
  }

  /** Sends what can be sent within the time. Nothing is sent after it resolves. */
  async end(graceMs: number): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    const grace = new AbortController()
    const sending = this.#sending
    void this.#parts.time.wait(graceMs, grace.signal).then(() => sending.abort())
    this.#wake()
    await this.#worker
    grace.abort()
    this.#state = 'ended'
    this.#sending = new AbortController()
    const { count } = this.#digest
    this.#digest.take()
    const { name: robot, emit } = this.#parts
    if (count > 0) emit({ type: 'alerts_dropped', robot, count })
  }

  #wake(): void {
    this.#woken.abort()
    this.#woken = new AbortController()
    this.#worker ??= this.#work()
  }

  async #work(): Promise<void> {
    // The caller of `add` goes on first.
    await Promise.resolve()
    for (;;) {
      const waitMs = this.#dueAt() - this.#parts.time.now()
      const isEnding = this.#state === 'ending'
      if (this.#digest.count === 0 || (isEnding && (waitMs > 0 || this.#sending.signal.aborted)))
        break
      if (waitMs > 0) await this.#parts.time.wait(waitMs, this.#woken.signal)
      else await this.#sendDue()
    }
    // In the same turn as the last look at the digest: what comes later begins a new worker.
    this.#worker = null
  }

  #dueAt(): number {
    const types = this.#digest.collected().map(({ type }) => this.#quietUntil.get(type) ?? 0)
    const saidAt = this.#state === 'ending' ? 0 : Math.min(...types)
    return Math.max(saidAt, this.#heldUntil, this.#limit.freeAt)
  }

  async #sendDue(): Promise<void> {
    const collected = this.#digest.take()
    const verdict = await this.#trySend(collected)
    this.#limit.count(this.#parts.time.now())
    if (verdict.kind === 'taken') this.#noteTaken(collected)
    else this.#noteFailed(collected, verdict)
  }

  async #trySend(collected: readonly Collected[]): Promise<Verdict> {
    const { robot, send, clock, ongoing, node, locale } = this.#parts
    try {
      const message = messageOf(
        { collected, ongoing: ongoing(), at: clock() },
        { node, locale, bytesMax: robot.bytesMax },
      )
      const answer = await send(robot.request(message, clock()), this.#sending.signal)
      return robot.judge(answer)
    } catch (error) {
      return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) }
    }
  }

  #noteTaken(collected: readonly Collected[]): void {
    const { time, emit, name: robot } = this.#parts
    const quietUntil = time.now() + quietMs
    for (const { type } of collected) this.#quietUntil.set(type, quietUntil)
    emit({ type: 'alert_sent', robot })
    if (this.#failures > 0) emit({ type: 'robot_recovered', robot })
    this.#failures = 0
  }

  #noteFailed(collected: readonly Collected[], verdict: Exclude<Verdict, { kind: 'taken' }>): void {
    const { time, emit, random, name: robot } = this.#parts
    this.#digest.addOlder(collected)
    const nth = Math.min(this.#failures, retryMs.length - 1)
    const holdMs = verdict.kind === 'limited' ? verdict.holdMs : (retryMs[nth] ?? 0)
    this.#heldUntil = time.now() + holdMs * (1 + random() * jitterMax)
    emit({ type: 'alert_unsent', robot })
    if (this.#failures === 0) emit({ type: 'robot_failing', robot, reason: verdict.reason })
    this.#failures += 1
  }
}
