import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../../domain/clock.ts'
import type { Event } from '../../../domain/event.ts'
import type { Budan } from '../../../service.ts'
import type { LatestAudit } from '../latest-audit.ts'
import { CreditHistory } from './credit-history.ts'
import { GatewayCalls } from './gateway-calls.ts'
import { PageQuestion, type Reading } from './reading.ts'

/** Runs that are shown. */
const runsShown = 8

/** A reading this old is good enough for a page, unless something has happened since. */
const freshMs = 3_000

/** Between two readings while somebody looks and nothing is heard; other nodes' work shows up so late. */
const restMs = freshMs

/** What is heard within this is one piece of news: a run credits many orders at once. */
const newsMs = 250

/** Readings take at most one twentieth of the database's time, pages of the history one tenth. */
const restPerReading = 19
const restPerPage = 9
const restMsMax = 15_000

/** Whoever opened a page may well look at it for so long, also without a script that says so. */
const lookMs = 30_000

/** What this node last counted of the backlog says nothing after so many intervals without another count. */
const backlogIntervals = 3

interface Taken {
  readonly reading: Reading
  /** By `performance.now()`. */
  readonly at: number
  readonly costMs: number
  /** Aborted once something has happened that a new reading would show. */
  readonly news: AbortSignal
}

type Watcher = (reading: Reading) => Promise<void>

export interface PulseParts {
  readonly budan: Budan
  readonly clock: Clock
  readonly latestAudit: LatestAudit
}

/**
 * Reads the state of the promise once for all who look, and at sensible distances: nobody's looking
 * may hold up callbacks and runs. While nobody looks, nothing is read.
 */
export class Pulse {
  readonly credits: CreditHistory
  readonly calls: GatewayCalls
  readonly #parts: PulseParts
  readonly #questions
  readonly #watchers = new Set<Watcher>()
  readonly #ended = new AbortController()
  readonly #stopListening: () => void
  #last: Taken | null = null
  #underWay: Promise<Reading> | null = null
  /** Aborts when something has happened that a new reading would show. */
  #news = new AbortController()
  #lookedAt = Number.NEGATIVE_INFINITY
  #going = false
  #backlog: { readonly heard: NonNullable<Reading['backlog']>; readonly at: number } | null = null

  constructor(parts: PulseParts) {
    const { budan, clock } = parts
    this.#parts = parts
    this.calls = new GatewayCalls(clock)
    this.credits = new CreditHistory((request) =>
      budan.store.listCredits({ ...request, merchant: budan.merchant }),
    )
    this.#questions = {
      runs: new PageQuestion(async () => budan.store.listRuns({ limit: runsShown, cursor: null })),
      newCredits: new PageQuestion(async () => this.credits.step(this.#now, 'new')),
      restOfCredits: new PageQuestion(async () => this.credits.step(this.#now, 'rest')),
    }
    this.#stopListening = budan.listen((event) => this.#hear(event))
  }

  /** For a page. Whoever asks meanwhile gets the same reading. */
  async look(): Promise<Reading> {
    this.#lookedAt = performance.now()
    const reading = await this.#read()
    this.#go()
    // Whoever has just had an audit made comes to see it.
    return { ...reading, audit: this.#auditState(reading.vitals) }
  }

  /** Tells the last reading, and each from now on, until what is returned is called. */
  watch(seen: Watcher): () => void {
    if (this.#isFresh && this.#last !== null) void this.#tell(seen, this.#last.reading)
    this.#watchers.add(seen)
    this.#go()
    return () => void this.#watchers.delete(seen)
  }

  end(): void {
    this.#stopListening()
    this.#ended.abort()
    this.#news.abort()
  }

  get #isFresh(): boolean {
    if (this.#last === null) return false
    const { at, news } = this.#last
    return performance.now() - at < freshMs && !news.aborted
  }

  /** A reading that began before the latest event does not show it: a caller after the event waits for the next. */
  #read(): Promise<Reading> {
    if (this.#isFresh && this.#last !== null) return Promise.resolve(this.#last.reading)
    if (this.#underWay !== null && this.#news.signal.aborted) {
      const next = () => this.#read()
      return this.#underWay.then(next, next)
    }
    this.#underWay ??= this.#take().finally(() => {
      this.#underWay = null
    })
    return this.#underWay
  }

  async #take(): Promise<Reading> {
    if (!this.#ended.signal.aborted) this.#news = new AbortController()
    const news = this.#news.signal
    const beganAt = performance.now()
    // It waits for no part of itself for longer than for a page.
    const ready = this.#parts.budan.readiness()
    const [readiness, page] = await Promise.all([ready, this.#questions.runs.answer()])
    const { vitals } = readiness
    const reading: Reading = {
      vitals,
      readiness,
      runs: page?.items ?? null,
      audit: this.#auditState(vitals),
      backlog: this.#latestBacklog(),
    }
    const at = performance.now()
    this.#last = { reading, at, costMs: at - beganAt, news }
    if (vitals !== null) await this.#questions.newCredits.answer()
    return reading
  }

  /** The database's, as it was last told. */
  get #now(): Date {
    return this.#last?.reading.vitals?.now ?? this.#parts.clock()
  }

  #auditState(vitals: Reading['vitals']): Reading['audit'] {
    const { latestAudit } = this.#parts
    const orderCount = vitals === null ? 0 : sumOf(vitals.ordersByStatus)
    return {
      latest: latestAudit.latest(),
      isUnderWay: latestAudit.isUnderWay,
      hasFailed: latestAudit.hasFailed,
      isAutomatic: latestAudit.isAutomatic(orderCount),
    }
  }

  #latestBacklog(): Reading['backlog'] {
    if (this.#backlog === null) return null
    const { heard, at } = this.#backlog
    const oldMs = backlogIntervals * this.#parts.budan.policy.intervalMs
    return performance.now() - at > oldMs ? null : heard
  }

  get #isWatched(): boolean {
    const looked = performance.now() - this.#lookedAt < lookMs
    return !this.#ended.signal.aborted && (this.#watchers.size > 0 || looked)
  }

  #go(): void {
    if (this.#going) return
    this.#going = true
    void this.#keepReading().finally(() => {
      this.#going = false
      // Somebody may have come just as it ended.
      if (this.#watchers.size > 0 && this.#isWatched) this.#go()
    })
  }

  async #keepReading(): Promise<void> {
    while (this.#isWatched) {
      try {
        await this.#round()
      } catch (error) {
        this.#emitFailure(error)
        await rest(restMsMax, this.#ended.signal)
      }
    }
  }

  /** A reading, told to all; then what may wait: the audit, and more of the history. */
  async #round(): Promise<void> {
    const reading = await this.#read()
    await Promise.all([...this.#watchers].map((seen) => this.#tell(seen, reading)))
    const { costMs = 0, at = 0 } = this.#last ?? {}
    const nextAt = at + Math.min(Math.max(restMs, costMs * restPerReading), restMsMax)
    const { vitals } = reading
    if (vitals !== null) {
      const orderCount = sumOf(vitals.ordersByStatus)
      this.#parts.latestAudit.refreshIfDue({ orderCount })
      await this.#readHistory(nextAt)
    }
    await rest(newsMs, this.#ended.signal)
    await rest(nextAt - performance.now(), this.#news.signal)
  }

  /** What fails for one who looks fails for no other. */
  async #tell(seen: Watcher, reading: Reading): Promise<void> {
    await seen(reading).catch((error: unknown) => this.#emitFailure(error))
  }

  #emitFailure(error: unknown): void {
    this.#parts.budan.emit({ type: 'request_failed', method: 'GET', path: '/live', error })
  }

  async #readHistory(untilAt: number): Promise<void> {
    while (this.#isWatched && performance.now() < untilAt && !this.#news.signal.aborted) {
      const beganAt = performance.now()
      if ((await this.#questions.restOfCredits.answer()) !== 'more') return
      await rest((performance.now() - beganAt) * restPerPage, this.#ended.signal)
    }
  }

  #hear(event: Event): void {
    if (event.type === 'gateway_called') this.calls.hear(event)
    if (event.type === 'catching_up') this.#backlog = { heard: event, at: performance.now() }
    if (event.type === 'caught_up') this.#backlog = null
    if (isNews(event)) this.#news.abort()
  }
}

/** What shows on the page at once; all else with the next reading. */
function isNews({ type }: Event): boolean {
  switch (type) {
    case 'order_credited':
    case 'order_expired':
    case 'order_alarm':
    case 'review_resolved':
    case 'run_started':
    case 'run_finished':
    case 'scan_empty':
    case 'scan_failed':
    case 'breaker_opened':
    case 'breaker_closed':
    case 'catching_up':
    case 'caught_up':
    case 'job_started':
    case 'job_stopped':
      return true
    default:
      return false
  }
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal, ref: false }).catch(() => {})
}
