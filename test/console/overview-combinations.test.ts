import { describe, expect, it } from 'vitest'
import { type Readiness, type ReadinessCheck, warningMark } from '../../src/health/readiness.ts'
import { type Locale, locales } from '../../src/i18n/locale.ts'
import { type Advice, adviceOn } from '../../src/web/console/overview/advice.ts'
import type { Found } from '../../src/web/console/overview/concern.ts'
import { Histogram } from '../../src/web/console/overview/history/histogram.ts'
import type { Snapshot } from '../../src/web/console/overview/snapshot.ts'
import { type Evidence, verdictOf } from '../../src/web/console/overview/verdict.ts'

/** All combinations of what the overview can show at once: one advice never contradicts another. */

const minuteMs = 60_000
const label = { en: 'WeChat Pay', zh: '微信支付' }
const now = new Date('2026-01-24T07:00:00Z')
const policy = { intervalMs: 5 * minuteMs, thresholdMs: 5 * minuteMs } as Evidence['policy']

const states = {
  database: ['well', 'away', 'silent', 'read-only'],
  schema: ['well', 'behind'],
  gateway: ['well', 'held back', 'useless', 'knows none'],
  clocks: ['agree', 'disagree'],
  schedule: ['well', 'by hand', 'by hand, lately', 'stopped', 'stuck'],
  engine: ['well', 'away'],
  behind: ['no', 'catching up', 'falling behind'],
  lateMins: [0, 20, 999],
  calls: ['well', 'failing'],
  reviews: [0, 2],
  audit: ['well', 'failed', 'wrong'],
} as const

type State = { readonly [Part in keyof typeof states]: (typeof states)[Part][number] }

function combinations(): State[] {
  return Object.entries(states).reduce<Record<string, unknown>[]>(
    (all, [part, values]) =>
      all.flatMap((each) => values.map((value) => ({ ...each, [part]: value }))),
    [{}],
  ) as unknown as State[]
}

function readinessIn(state: State): Readiness | null {
  if (state.database === 'silent') return null
  const check = (
    name: ReadinessCheck['name'],
    detail: string,
    ok: boolean,
    condition: ReadinessCheck['condition'] = ok ? 'well' : 'faulty',
  ): ReadinessCheck => ({ name, detail, ok, condition })
  const database = {
    well: check('database', 'PostgreSQL', true),
    away: check('database', 'it does not answer: see the log', false, 'away'),
    'read-only': check('database', 'it is read-only: nothing can be credited', false),
  }[state.database]
  const ofBoth = [
    database,
    {
      well: check('gateway', 'queries go through', true),
      'held back': check(
        'gateway',
        'runs are held back: 403: this merchant may not query',
        false,
        'held',
      ),
      useless: check('gateway', 'the last 3 answers were of no use', false),
      'knows none': check('gateway', `${warningMark}nothing but "no such order"`, true, 'warning'),
    }[state.gateway],
    check('clocks', 'the clocks', state.clocks === 'agree'),
    state.engine === 'away'
      ? check(
          'engine',
          'warning: the queue on Redis is away: each node keeps the slots by itself',
          true,
          'warning',
        )
      : check('engine', 'local: a timer of this process', true),
  ]
  const byHand = 'compensation_enabled is off: runs are made by hand'
  const schedule = {
    well: check('schedule', 'last run 2026-01-24T15:00:00+08:00', true),
    'by hand': check('schedule', byHand, true, 'by_hand'),
    'by hand, lately': check('schedule', byHand, true, 'by_hand'),
    stopped: check('schedule', 'the clock is stopped', false, 'stopped'),
    stuck: check('schedule', 'no run has finished yet: runs do not finish', false),
  }[state.schedule]
  const schema = check('schema', 'behind: 015_known_at', state.schema === 'well')
  const checks = state.database === 'away' ? ofBoth : [...ofBoth, schema, schedule]
  return { ready: checks.every(({ ok }) => ok), checks, vitals: null }
}

function snapshotIn(state: State): Snapshot {
  const isAway = state.database === 'away' || state.database === 'silent'
  const wrong = state.audit === 'wrong' ? 1 : 0
  const counts = {
    ...{ paid_not_credited: wrong, credited_not_paid: 0, credited_twice: 0 },
    ...{ unbalanced: 0, mismatched: 0, unexplained: 0 },
  }
  const backlog = {
    no: null,
    'catching up': { doneInMs: 600_000 },
    'falling behind': { doneInMs: null },
  }[state.behind]
  return {
    vitals: isAway
      ? null
      : {
          now,
          ordersByStatus: { pending: 1, paid: 2, expired: 3, review: state.reviews },
          reviewQueue: state.reviews,
          exceptions: {},
          unpositioned: 0,
          oldestUnaskedMs: null,
          mostOverdueMs: policy.thresholdMs + state.lateMins * minuteMs,
          lastFinishedRunAt: state.schedule === 'by hand' ? null : now,
        },
    readiness: readinessIn(state),
    runs: [],
    audit: {
      latest: { orders: {}, counts, at: now, durationMs: 5 },
      ...{ isUnderWay: false, hasFailed: state.audit === 'failed', isAutomatic: true },
    },
    backlog: backlog && { remaining: 900, ...backlog },
    merchants: [],
  }
}

function callsIn({ calls }: State): ReadonlyMap<string, Histogram> {
  const histogram = new Histogram()
  for (let each = 0; each < 9; each += 1) histogram.add(10)
  return new Map([[calls === 'failing' ? 'timeout' : 'trade', histogram]])
}

/** By locale and concern. Many combinations have the same concern, and its advice is made once. */
const advices = new Map<string, Advice>()

function adviceFor(concern: Found, locale: Locale): Advice {
  const key = `${locale} ${JSON.stringify(concern)}`
  const known = advices.get(key)
  if (known !== undefined) return known
  const found = adviceOn(concern, { locale, label })
  advices.set(key, found)
  return found
}

/** What an advice says to do, in any wording. */
const acts = {
  batches: /compensation_batch_size|compensation_drain/,
  run: /start one now|Start a run now/,
  nothing: /^Nothing/,
  restart: /[Rr]estart this process/,
  migrate: /budan migrate/,
  byItself: /Each run tries one order, and continues by itself/,
  queue: /Open the queue/,
} as const

type Act = keyof typeof acts

function actsIn(todos: readonly string[]): ReadonlySet<Act> {
  const names = Object.keys(acts) as Act[]
  return new Set(names.filter((act) => todos.some((todo) => acts[act].test(todo))))
}

/** Acts that are of no use, or do harm, in a state. */
function vain(state: State): readonly Act[] {
  const cannotWrite = state.database !== 'well'
  const cannotRun = cannotWrite || state.schema === 'behind'
  const isHeld = state.gateway === 'held back' || state.gateway === 'useless'
  return [
    ...(cannotRun || isHeld ? (['batches', 'run', 'nothing', 'queue'] as const) : []),
    ...(cannotWrite ? (['migrate', 'restart'] as const) : []),
    ...(state.calls === 'failing' ? (['batches', 'nothing'] as const) : []),
    ...(state.schedule === 'stopped' || state.schedule === 'stuck' || state.schedule === 'by hand'
      ? (['batches', 'nothing', 'byItself'] as const)
      : []),
    ...(state.schedule === 'by hand, lately' || cannotRun ? (['byItself'] as const) : []),
  ]
}

describe('the advice of the overview', () => {
  it('never gainsays itself, and is there whenever something is wrong, in all combinations', () => {
    const all = combinations()
    expect(all.length).toBe(69_120)
    // An `expect` for each combination takes most of the time: only what is wrong is collected.
    const wrong: object[] = []
    for (const state of all) {
      const { tone, concerns } = verdictOf({
        snapshot: snapshotIn(state),
        calls: callsIn(state),
        policy,
      })
      const said = concerns.map((concern) => ({ ...adviceFor(concern, 'en'), concern }))
      const todos = said.flatMap(({ todo }) => (todo === null ? [] : [todo]))
      const done = actsIn(todos)
      const useless = vain(state).filter((act) => done.has(act))
      const ofRuns = (['batches', 'run', 'nothing'] as const).filter((act) => done.has(act))
      // One concern alone says how runs are to be made, or that nothing is to be done about them.
      const fromOne = said.filter(
        ({ todo }) => todo !== null && ofRuns.some((act) => acts[act].test(todo)),
      )
      const hasNone = tone !== 'good' && (said[0]?.todo ?? null) === null
      if (useless.length > 0 || fromOne.length > 1 || hasNone) {
        wrong.push({ state, concerns, useless, fromOne, hasNone })
      }
    }
    expect(wrong).toEqual([])
  }, 900_000)

  it('stands with the cause, and what follows from it comes after it and has none', () => {
    const wrong: object[] = []
    for (const state of combinations()) {
      const { concerns } = verdictOf({ snapshot: snapshotIn(state), calls: callsIn(state), policy })
      const kinds = concerns.map(({ kind }) => kind)
      if (new Set(kinds).size !== kinds.length) wrong.push({ state, kinds })
      for (const [at, concern] of concerns.entries()) {
        const { cause } = concern
        const hasAdvice = locales.map((locale) => adviceFor(concern, locale).todo !== null)
        const causeAt = cause === null ? null : kinds.indexOf(cause)
        const isAfterCause =
          causeAt === null ||
          (causeAt >= 0 && causeAt < at && (concerns[causeAt]?.cause ?? null) === null)
        if (hasAdvice.some((has) => has !== (cause === null)) || !isAfterCause) {
          wrong.push({ state, concern, hasAdvice, causeAt })
        }
      }
    }
    expect(wrong).toEqual([])
  }, 900_000)
})
