import { type PublishedType, publishedTypes } from '../../src/domain/webhooks/published-event.ts'
import { dayMs, hourMs, minuteMs } from '../../src/text/time-units.ts'
import type { Random } from '../sim/clock/random.ts'

/** What a seed draws. */
export interface OutboxScenario {
  readonly nodeCount: number
  readonly orderCount: number
  /** Facts happen during this time. */
  readonly arrivalMs: number
  /** Faults stop after this time. */
  readonly faultyMs: number
  readonly rates: Rates
  readonly outages: readonly Span[]
  readonly endpoints: readonly [EndpointPlan, ...EndpointPlan[]]
  readonly readers: readonly ReaderPlan[]
}

/** From and until, since the world began. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** The chance of each fault, at each event that it can hit. */
export type Rates = Readonly<Record<Fault, number>>

export type Fault =
  | 'crash' // before an event of the process: before a statement is sent, before its answer is read, …
  | 'crashInCommit'
  | 'pause' // SIGSTOP, or a long garbage collection
  | 'statementFails'
  | 'connectionLost' // before the statement arrives
  | 'answerLost'
  | 'commitLost' // the answer to a COMMIT
  | 'callbackLost'
  | 'receiptLost' // the answer to a callback: it is sent again
  | 'queryLost'
  | 'readerCrash' // after it has read a page, and before it has stored it

/** How an endpoint answers: the chance of each, else 204. */
export const manners = [
  'error_before', // 500, and nothing was stored
  'error_after', // 500, although it was stored
  'gone', // 410
  'throttled', // 429 with Retry-After
  'garbage', // no HTTP
  'silent', // no answer in time, although it was stored
  'cut', // stored, and the connection is cut before the answer
] as const
export type Manner = (typeof manners)[number]

export interface EndpointPlan {
  readonly name: string
  /** Null: all. */
  readonly types: readonly PublishedType[] | null
  /** When the configuration has it; 0: from the start. */
  readonly addedAtMs: number
  readonly rates: Readonly<Record<Manner, number>>
  /** Takes no connections. */
  readonly away: Span | null
  /** Takes each request, stores nothing, and never answers. */
  readonly hangs: Span | null
  readonly isInRotation: boolean
}

export interface ReaderPlan {
  readonly types: readonly PublishedType[] | null
  readonly limit: number
}

export function drawScenario(random: Random): OutboxScenario {
  const arrivalMs = random.pick([10 * minuteMs, 40 * minuteMs, 3 * hourMs])
  const hasLongOutage = random.chance(0.35)
  const faultyMs = hasLongOutage ? 4.5 * dayMs : arrivalMs + random.between(1, 6) * hourMs
  const isFaultless = random.chance(0.1)
  return {
    nodeCount: random.pick([1, 2, 2, 3]),
    orderCount: random.whole(6, 16),
    ...{ arrivalMs, faultyMs },
    rates: drawRates(random, isFaultless),
    outages: isFaultless ? [] : drawOutages(random, arrivalMs),
    endpoints: [
      drawEndpoint(random, { name: 'all', types: null, arrivalMs, hasLongOutage: false }),
      drawEndpoint(random, { name: 'credits', types: ['order.paid'], arrivalMs, hasLongOutage }),
      {
        ...drawEndpoint(random, {
          ...{ name: 'late', arrivalMs, hasLongOutage: false },
          types: random.pick([null, someTypes(random)]),
        }),
        addedAtMs: random.between(0.1, 0.9) * arrivalMs,
      },
    ],
    readers: [
      { types: null, limit: random.pick([1, 3, 50]) },
      { types: someTypes(random), limit: random.pick([2, 200]) },
    ],
  }
}

function someTypes(random: Random): readonly PublishedType[] {
  const drawn = publishedTypes.filter(() => random.chance(0.5))
  return drawn.length === 0 ? ['order.refunded'] : drawn
}

function drawRates(random: Random, isFaultless: boolean): Rates {
  const of = (most: number) => (isFaultless || random.chance(0.2) ? 0 : random.between(0, most))
  return {
    crash: of(0.002),
    crashInCommit: of(0.03),
    pause: of(0.0006),
    statementFails: of(0.01),
    connectionLost: of(0.005),
    answerLost: of(0.005),
    commitLost: of(0.03),
    callbackLost: of(0.4),
    receiptLost: of(0.4),
    queryLost: of(0.3),
    readerCrash: of(0.3),
  }
}

function drawOutages(random: Random, arrivalMs: number): readonly Span[] {
  return Array.from({ length: random.whole(0, 2) }, () =>
    spanFrom(random.next() * arrivalMs, random.skewed(5_000, 20 * minuteMs)),
  )
}

interface Drawn {
  readonly name: string
  readonly types: readonly PublishedType[] | null
  readonly arrivalMs: number
  /** Away until deliveries are given up. */
  readonly hasLongOutage: boolean
}

function drawEndpoint(
  random: Random,
  { name, types, arrivalMs, hasLongOutage }: Drawn,
): EndpointPlan {
  const from = () => random.next() * arrivalMs
  const isWell = random.chance(0.3)
  const rate = () => (isWell || random.chance(0.3) ? 0 : random.between(0, 0.15))
  const away = random.chance(0.4)
    ? spanFrom(from(), random.pick([minuteMs, 20 * minuteMs, 5 * hourMs, dayMs]))
    : null
  return {
    ...{ name, types, addedAtMs: 0 },
    rates: Object.fromEntries(manners.map((each) => [each, rate()])) as EndpointPlan['rates'],
    away: hasLongOutage ? spanFrom(from() / 2, 4 * dayMs) : away,
    hangs: random.chance(0.25) ? spanFrom(from(), random.skewed(minuteMs, hourMs)) : null,
    isInRotation: random.chance(0.3),
  }
}

function spanFrom(fromMs: number, lengthMs: number): Span {
  return { fromMs, untilMs: fromMs + lengthMs }
}
