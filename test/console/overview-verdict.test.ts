import { describe, expect, it } from 'vitest'
import type { ReadinessCheck } from '../../src/health/readiness.ts'
import { locales } from '../../src/i18n/locale.ts'
import { adviceOn } from '../../src/web/console/overview/advice.ts'
import type { Concern } from '../../src/web/console/overview/concern.ts'
import { Histogram } from '../../src/web/console/overview/history/histogram.ts'
import type { Snapshot } from '../../src/web/console/overview/snapshot.ts'
import { type Evidence, type Verdict, verdictOf } from '../../src/web/console/overview/verdict.ts'

const minuteMs = 60_000
const label = { en: 'WeChat Pay', zh: '微信支付' }
const now = new Date('2026-01-24T07:00:00Z')
const policy = { intervalMs: 5 * minuteMs, thresholdMs: 5 * minuteMs } as Evidence['policy']

const clean = {
  paid_not_credited: 0,
  credited_not_paid: 0,
  credited_twice: 0,
  unbalanced: 0,
  mismatched: 0,
  unexplained: 0,
}

const vitals: NonNullable<Snapshot['vitals']> = {
  now,
  ordersByStatus: { pending: 1, paid: 2, expired: 3, review: 0 },
  reviewQueue: 0,
  exceptions: {},
  unpositioned: 0,
  oldestUnaskedMs: null,
  mostOverdueMs: null,
  lastFinishedRunAt: now,
}

const audit: Snapshot['audit'] = {
  latest: { orders: {}, counts: clean, at: now, durationMs: 5 },
  isUnderWay: false,
  hasFailed: false,
  isAutomatic: true,
}

const checks: Readonly<Record<ReadinessCheck['name'], string>> = {
  database: 'PostgreSQL',
  schema: 'up to date',
  clocks: 'those of database, node and gateway agree',
  gateway: 'queries go through',
  engine: 'local: a timer of this process',
  schedule: 'last run 2026-01-24T15:00:00+08:00',
  exceptions: 'none is open',
  webhooks: 'endpoints take what is sent',
  events: 'published events have their positions',
}

function readinessWith(
  name?: ReadinessCheck['name'],
  detail = '',
  condition: ReadinessCheck['condition'] = 'faulty',
) {
  const ok = condition === 'warning' || condition === 'by_hand'
  const all = Object.entries(checks).map(([each, text]) =>
    each === name
      ? { name, ok, condition, detail }
      : {
          name: each as ReadinessCheck['name'],
          ok: true,
          condition: 'well' as const,
          detail: text,
        },
  )
  return { ready: all.every((check) => check.ok), checks: all, vitals: null }
}

function judge(
  snapshot: Partial<Snapshot> = {},
  calls: Readonly<Record<string, number>> = {},
): Verdict {
  const histograms = Object.entries(calls).map(([outcome, count]) => {
    const histogram = new Histogram()
    for (let each = 0; each < count; each += 1) histogram.add(10)
    return [outcome, histogram] as const
  })
  const well = { vitals, readiness: readinessWith(), runs: [], audit, backlog: null, merchants: [] }
  return verdictOf({ snapshot: { ...well, ...snapshot }, calls: new Map(histograms), policy })
}

/** What is seen, how bad that is, and what it is taken for. */
const cases: readonly (readonly [string, Verdict, Verdict['tone'], readonly Concern['kind'][]])[] =
  [
    ['all is well', judge(), 'good', []],
    ['the first audit is still to come', judge({ audit: { ...audit, latest: null } }), 'good', []],
    [
      'the database does not answer',
      judge({
        vitals: null,
        runs: null,
        readiness: readinessWith('database', 'it does not answer: see the log', 'away'),
      }),
      'bad',
      ['database_away'],
    ],
    ['the database hangs', judge({ vitals: null, readiness: null }), 'bad', ['database_away']],
    [
      'the database can be read alone',
      judge({ readiness: readinessWith('database', 'it is read-only: nothing can be credited') }),
      'bad',
      ['database_faulty'],
    ],
    [
      'clocks disagree',
      judge({ readiness: readinessWith('clocks', 'no order is closed meanwhile: x') }),
      'bad',
      ['clocks_disagree'],
    ],
    [
      'few answers came, and none was of use',
      judge({ readiness: readinessWith('gateway', '3 queries in a row had no valid answer') }),
      'bad',
      ['gateway_useless'],
    ],
    [
      'every answer was "no such order"',
      judge({ readiness: readinessWith('gateway', 'warning: 3 answers in a row', 'warning') }),
      'warn',
      ['orders_unknown'],
    ],
    [
      'a paid order has no credit',
      judge({
        audit: {
          ...audit,
          latest: {
            orders: {},
            counts: { ...clean, paid_not_credited: 1 },
            at: now,
            durationMs: 5,
          },
        },
      }),
      'bad',
      ['books_wrong'],
    ],
    ['the audit failed', judge({ audit: { ...audit, hasFailed: true } }), 'warn', ['audit_failed']],
    [
      'the schema is behind',
      judge({ readiness: readinessWith('schema', 'behind: x') }),
      'bad',
      ['schema'],
    ],
    [
      'the breaker is open',
      judge({
        readiness: readinessWith(
          'gateway',
          'runs are held back: 403: this merchant may not query',
          'held',
        ),
      }),
      'bad',
      ['breaker'],
    ],
    [
      'the clock is stopped',
      judge({ readiness: readinessWith('schedule', 'the clock is stopped', 'stopped') }),
      'bad',
      ['clock_stopped'],
    ],
    [
      'runs do not finish',
      judge({
        readiness: readinessWith('schedule', 'no run has finished yet: runs do not finish'),
      }),
      'bad',
      ['runs_stuck'],
    ],
    [
      'the queue of the nodes is away',
      judge({
        readiness: readinessWith('engine', 'warning: the queue on Redis is away', 'warning'),
      }),
      'warn',
      ['engine_away'],
    ],
    [
      'an order waits for a person',
      judge({ vitals: { ...vitals, reviewQueue: 1 } }),
      'warn',
      ['reviews'],
    ],
    [
      'an order is due since its threshold and two intervals',
      judge({ vitals: { ...vitals, mostOverdueMs: 15 * minuteMs } }),
      'good',
      [],
    ],
    [
      'an order is due for longer',
      judge({ vitals: { ...vitals, mostOverdueMs: 15 * minuteMs + 1 } }),
      'warn',
      ['overdue'],
    ],
    [
      'an order is due for much longer',
      judge({ vitals: { ...vitals, mostOverdueMs: 30 * minuteMs + 1 } }),
      'bad',
      ['long_overdue'],
    ],
    ['the backlog shrinks', judge({ backlog: backlog(600_000) }), 'warn', ['catching_up']],
    ['the backlog grows', judge({ backlog: backlog(null) }), 'bad', ['falling_behind']],
    ['a few calls failed', judge({}, { trade: 6, timeout: 5 }), 'good', []],
    ['half of the calls failed', judge({}, { trade: 5, timeout: 5 }), 'warn', ['gateway_failing']],
    ['all of very few calls failed', judge({}, { timeout: 4 }), 'good', []],
    [
      'calls fail, and the breaker has said why',
      judge(
        { readiness: readinessWith('gateway', 'runs are held back: x', 'held') },
        { unauthorized: 9 },
      ),
      'bad',
      ['breaker'],
    ],
    ['runs are made by hand, and somebody makes them', judge({ readiness: byHand() }), 'good', []],
    [
      'runs are made by hand, and nobody does',
      judge({ readiness: byHand(), vitals: { ...vitals, lastFinishedRunAt: null } }),
      'warn',
      ['by_hand'],
    ],
    [
      'several things at once: the worst first',
      judge({
        vitals: { ...vitals, reviewQueue: 2, mostOverdueMs: 999 * minuteMs },
        readiness: readinessWith('schedule', 'the clock is stopped', 'stopped'),
      }),
      'bad',
      ['clock_stopped', 'long_overdue', 'reviews'],
    ],
    [
      'a harmless cause has a grave consequence',
      judge({
        vitals: { ...vitals, mostOverdueMs: 999 * minuteMs },
        audit: { ...audit, hasFailed: true },
        backlog: backlog(600_000),
      }),
      'bad',
      ['catching_up', 'long_overdue', 'audit_failed'],
    ],
  ]

function byHand() {
  return readinessWith('schedule', 'compensation_enabled is off: runs are made by hand', 'by_hand')
}

function backlog(doneInMs: number | null) {
  return { type: 'catching_up', remaining: 900, perSec: 1, doneInMs, basis: 'measured' } as const
}

describe('the verdict', () => {
  it.each(cases)('when %s', (_, verdict, tone, kinds) => {
    expect(verdict.concerns.map(({ kind }) => kind)).toEqual(kinds)
    expect(verdict.tone).toBe(tone)
  })

  const concerns = new Map(
    cases.flatMap(([, { concerns }]) =>
      concerns.filter(({ cause }) => cause === null).map((each) => [each.kind, each]),
    ),
  )

  it.each([...concerns])(
    'says of "%s" what is wrong and what to do, in both languages',
    (_, concern) => {
      const [english, chinese] = locales.map((locale) => adviceOn(concern, { locale, label }))
      for (const text of [english?.what, english?.todo]) {
        expect(text).toMatch(/\.$/)
        expect(text).not.toMatch(/[\u4e00-\u9fff]|undefined|NaN/)
      }
      for (const text of [chinese?.what, chinese?.todo]) {
        expect(text).toMatch(/[\u4e00-\u9fff].*。$/)
        expect(text).not.toMatch(/undefined|NaN/)
      }
      expect(chinese).toMatchObject(english && 'path' in english ? { path: english.path } : {})
    },
  )

  it('advises no bigger batches where orders are late for another reason', () => {
    const late = { vitals: { ...vitals, mostOverdueMs: 999 * minuteMs } }
    const held = readinessWith('gateway', 'runs are held back: x', 'held')
    for (const { concerns } of [
      judge({ ...late, readiness: held }),
      judge({ ...late, readiness: readinessWith('schedule', 'the clock is stopped', 'stopped') }),
      judge(late, { network: 5 }),
    ]) {
      const overdue = concerns.find(({ kind }) => kind === 'long_overdue')
      expect(overdue?.cause).toBe(concerns[0]?.kind)
      expect(overdue && locales.map((locale) => adviceOn(overdue, { locale, label }).todo)).toEqual(
        [null, null],
      )
    }
    const [alone] = judge(late).concerns
    expect(alone && adviceOn(alone, { locale: 'en', label }).todo).toContain('compensation_drain')
  })

  it('has words for all that can be wrong', () => {
    // `overdue` and `long_overdue` have the same words.
    expect(concerns.size).toBe(19)
  })
})
