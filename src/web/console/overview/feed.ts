import { setTimeout as delay } from 'node:timers/promises'
import type { Event } from '../../../domain/event.ts'
import type { Readiness } from '../../../health/readiness.ts'
import { singleFlight, valueIn } from '../../../health/single-flight.ts'
import { StoreError } from '../../../store/errors.ts'
import type { MerchantWaits, Vitals } from '../../../store/store.ts'
import type { ConsoleParts } from '../frame/page.ts'
import { isSent, NewsOfMerchants } from '../merchants/merchant-state.ts'
import { CreditHistory } from './history/credit-history.ts'
import { MinuteHistograms } from './history/histogram.ts'
import type { Snapshot } from './snapshot.ts'

const runsShown = 8

/** Longer than a healthy database ever takes, and short enough for somebody who waits for a page. */
const patienceMs = 2_000

/** A snapshot this old is good enough for a page, unless something has happened since. Other nodes' work shows up within this. */
const freshMs = 3_000

/** Events within this time cause one snapshot: a run credits many orders at once. */
const newsMs = 250

/** The feed takes at most one twentieth of the database's time. */
const restPerRead = 19
const restMsMax = 15_000

/** A page without a script may be looked at for this long. */
const viewMs = 30_000

/** This node's last count of the backlog says nothing after this many intervals without another one. */
const backlogIntervals = 3

interface Taken {
  readonly snapshot: Snapshot
  /** By `performance.now()`. */
  readonly at: number
  readonly costMs: number
  /** Aborted once something has happened that a new snapshot would show. */
  readonly news: AbortSignal
}

type Subscriber = (snapshot: Snapshot) => Promise<void>

type FeedParts = Pick<ConsoleParts, 'budan' | 'clock' | 'latestAudit'>

/**
 * What the overview shows, read once for all viewers and at intervals that leave the database to
 * callbacks and runs. Nothing is read while nobody looks.
 *
 *   snapshot()  ─► fresh? ─► the last one
 *                   └─ no ─► #take ─► subscribers, then the audit, then older credits, then a rest
 *   an event ─► the last one is not fresh any more; the rest ends
 */
export class OverviewFeed {
  readonly credits: CreditHistory
  /** Calls of this process to the gateway, by outcome. They are not stored. */
  readonly calls = new MinuteHistograms<string>()
  readonly #parts: FeedParts
  readonly #runs
  readonly #newCredits
  readonly #olderCredits
  readonly #subscribers = new Set<Subscriber>()
  readonly #ended = new AbortController()
  readonly #unlisten: () => void
  #last: Taken | null = null
  #underWay: Promise<Snapshot> | null = null
  #news = new AbortController()
  #viewedAt = Number.NEGATIVE_INFINITY
  #isReading = false
  readonly #merchantNews = new NewsOfMerchants()
  readonly #waits

  constructor(parts: FeedParts) {
    const { store, merchants, listen } = parts.budan
    this.#parts = parts
    this.credits = new CreditHistory((page) => store.listCredits({ ...page, merchants }))
    this.#runs = forPage(() => store.listRuns({ limit: runsShown, cursor: null }))
    this.#waits = forPage(async () => (merchants.length > 1 ? store.merchantWaits(merchants) : []))
    this.#newCredits = forPage(() => this.credits.readNew(this.#now))
    this.#olderCredits = forPage(() => this.credits.readOlder(this.#now))
    this.#unlisten = listen((event) => this.#receive(event))
  }

  /** For a page. Concurrent callers get the same one. */
  async snapshot(): Promise<Snapshot> {
    this.#viewedAt = performance.now()
    const snapshot = await this.#current()
    this.#keepReading()
    // The audit is as it is now: its page leads here.
    return { ...snapshot, audit: this.#auditState(snapshot.vitals) }
  }

  /** Calls `subscriber` with the last snapshot and each one after it, until the returned function is called. */
  subscribe(subscriber: Subscriber): () => void {
    if (this.#isFresh && this.#last !== null) void this.#send(subscriber, this.#last.snapshot)
    this.#subscribers.add(subscriber)
    this.#keepReading()
    return () => void this.#subscribers.delete(subscriber)
  }

  end(): void {
    this.#unlisten()
    this.#ended.abort()
    this.#news.abort()
  }

  get #isFresh(): boolean {
    if (this.#last === null) return false
    const { at, news } = this.#last
    return performance.now() - at < freshMs && !news.aborted
  }

  /** A snapshot that was begun before the latest event does not show it: the caller waits for the next. */
  #current(): Promise<Snapshot> {
    if (this.#isFresh && this.#last !== null) return Promise.resolve(this.#last.snapshot)
    if (this.#underWay !== null && this.#news.signal.aborted) {
      const next = () => this.#current()
      return this.#underWay.then(next, next)
    }
    this.#underWay ??= this.#take().finally(() => {
      this.#underWay = null
    })
    return this.#underWay
  }

  async #take(): Promise<Snapshot> {
    if (!this.#ended.signal.aborted) this.#news = new AbortController()
    const news = this.#news.signal
    const beganAt = performance.now()
    const [readiness, page, waits] = await Promise.all([
      this.#parts.budan.readiness(),
      this.#runs(),
      this.#waits(),
    ])
    const { vitals } = readiness
    const backlog = this.#merchantNews.backlog(this.#newsTime)
    const merchants = this.#merchantStates(readiness, waits)
    const runs = page?.items ?? null
    const snapshot = {
      vitals,
      readiness,
      runs,
      audit: this.#auditState(vitals),
      backlog,
      merchants,
    }
    const at = performance.now()
    this.#last = { snapshot, at, costMs: at - beganAt, news }
    if (vitals !== null) await this.#newCredits()
    return snapshot
  }

  /** By the database's clock, as of the last snapshot. */
  get #now(): Date {
    return this.#last?.snapshot.vitals?.now ?? this.#parts.clock()
  }

  #auditState(vitals: Vitals | null): Snapshot['audit'] {
    return this.#parts.latestAudit.state({ orderCount: ordersIn(vitals) })
  }

  get #newsTime() {
    const backlogMs = backlogIntervals * this.#parts.budan.policy.intervalMs
    return { now: performance.now(), backlogMs }
  }

  #merchantStates(
    { checks }: Readiness,
    waits: readonly MerchantWaits[] | null,
  ): Snapshot['merchants'] {
    const { merchants } = this.#parts.budan
    if (merchants.length < 2) return []
    return merchants.map(({ name }, nth) => ({
      name,
      checks: checks.filter(({ merchant }) => merchant === name),
      waits: waits?.[nth] ?? null,
      news: this.#merchantNews.of(name, this.#newsTime),
    }))
  }

  get #isViewed(): boolean {
    if (this.#ended.signal.aborted) return false
    return this.#subscribers.size > 0 || performance.now() - this.#viewedAt < viewMs
  }

  #keepReading(): void {
    if (this.#isReading) return
    this.#isReading = true
    void this.#readWhileViewed().finally(() => {
      this.#isReading = false
      // Somebody may have subscribed just as it ended.
      if (this.#subscribers.size > 0 && this.#isViewed) this.#keepReading()
    })
  }

  async #readWhileViewed(): Promise<void> {
    while (this.#isViewed) {
      try {
        await this.#round()
      } catch (error) {
        this.#emitFailure(error)
        await rest(restMsMax, this.#ended.signal)
      }
    }
  }

  async #round(): Promise<void> {
    const snapshot = await this.#current()
    await Promise.all([...this.#subscribers].map((each) => this.#send(each, snapshot)))
    const { costMs = 0, at = 0 } = this.#last ?? {}
    const nextAt = at + Math.min(Math.max(freshMs, costMs * restPerRead), restMsMax)
    if (snapshot.vitals !== null) {
      this.#parts.latestAudit.refreshIfDue({ orderCount: ordersIn(snapshot.vitals) })
      await this.#readOlderCredits(nextAt)
    }
    await rest(newsMs, this.#ended.signal)
    await rest(nextAt - performance.now(), this.#news.signal)
  }

  async #readOlderCredits(untilAt: number): Promise<void> {
    while (this.#isViewed && performance.now() < untilAt && !this.#news.signal.aborted) {
      const beganAt = performance.now()
      if ((await this.#olderCredits()) !== 'more') return
      await rest((performance.now() - beganAt) * restPerRead, this.#ended.signal)
    }
  }

  /** A subscriber that fails does not stop the others. */
  async #send(subscriber: Subscriber, snapshot: Snapshot): Promise<void> {
    await subscriber(snapshot).catch((error: unknown) => this.#emitFailure(error))
  }

  #emitFailure(error: unknown): void {
    this.#parts.budan.emit({ type: 'request_failed', method: 'GET', path: '/live', error })
  }

  #receive(event: Event): void {
    const at = this.#parts.clock()
    if (event.type === 'gateway_called' && isSent(event.outcome)) {
      const { outcome, durationMs } = event
      this.calls.add(+at, { kind: outcome, durationMs })
    }
    this.#merchantNews.receive(event, at)
    if (news.has(event.type)) this.#news.abort()
  }
}

/** These show on the page at once; all else with the next snapshot. */
const news: ReadonlySet<Event['type']> = new Set([
  ...(['order_credited', 'order_expired', 'order_alarm', 'review_resolved'] as const),
  ...(['run_started', 'run_finished', 'scan_empty', 'scan_failed'] as const),
  ...(['breaker_opened', 'breaker_closed', 'catching_up', 'caught_up'] as const),
  ...(['job_started', 'job_stopped'] as const),
])

/**
 * Runs `read` once at a time. Null: the database is away, or silent for too long; the log reports one
 * that is away wherever it is needed for more than a page.
 */
function forPage<T>(read: () => Promise<T>): () => Promise<T | null> {
  const flight = singleFlight(read, { patienceMs })
  return async () => {
    const result = await flight()
    if (result.kind === 'failed' && !(result.error instanceof StoreError)) throw result.error
    return valueIn(result)
  }
}

function ordersIn(vitals: Vitals | null): number {
  return Object.values(vitals?.ordersByStatus ?? {}).reduce((sum, count) => sum + count, 0)
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal, ref: false }).catch(() => {})
}
