import { CompiledQuery } from 'kysely'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type LimiterState,
  penalize,
  type ReservationRequest,
  reserve,
} from '../../src/domain/runs/rate-limiter.ts'
import type { Database } from '../../src/store/database.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { freshDatabase, freshPostgresUrl } from '../support/stores.ts'

/** The row that all nodes share must give what domain/runs/rate-limiter.ts gives; its clock is the server's. */

const rate = { quota: 'm', stepMs: 50, burstMs: 40, horizonMs: 200 }

let store: Store
let database: Database

beforeAll(async () => {
  const made = await freshDatabase('postgres')
  store = made.store
  database = made.database
})
async function run(statement: string, values: readonly unknown[] = []) {
  const compiled = CompiledQuery.raw(statement, [...values])
  return (await database.db.executeQuery<Record<string, number>>(compiled)).rows
}

const columns = ['next_at', 'held_until', 'hold_ms'] as const

async function put(quota: string, state: LimiterState): Promise<void> {
  await run(
    `insert into quota_lines (name, next_at, held_until, hold_ms)
     values ($1, to_timestamp($2::float8 / 1000), to_timestamp($3::float8 / 1000), $4)`,
    [quota, state.nextAt, state.penaltyUntil, state.penaltyMs],
  )
}

async function read(quota: string): Promise<LimiterState> {
  const times = columns
    .slice(0, 2)
    .map((name) => `extract(epoch from ${name})::float8 * 1000 as ${name}`)
  const [row] = await run(`select ${times.join()}, hold_ms from quota_lines where name = $1`, [
    quota,
  ])
  const { next_at: nextAt = 0, held_until: penaltyUntil = 0, hold_ms: penaltyMs = 0 } = row ?? {}
  return { nextAt, penaltyUntil: penaltyUntil, penaltyMs: penaltyMs }
}

/** Microseconds are all that the columns keep. */
function expectClose(state: LimiterState, expected: LimiterState): void {
  expect(state.nextAt).toBeCloseTo(expected.nextAt, 1)
  expect(state.penaltyUntil).toBeCloseTo(expected.penaltyUntil, 1)
  expect(state.penaltyMs).toBeCloseTo(expected.penaltyMs, 1)
}

const aheadMs = [-86_400_000, -1_000, -40, -10, 0, 30, 120, 199, 201, 2_000, 3_600_000]

describe('the rate limiter of a PostgreSQL store', () => {
  it.each(aheadMs)(
    'reserve() agrees with the domain where the next slot is %d ms ahead',
    async (ahead) => {
      for (const [count, stepMs] of [
        [1, 50],
        [99, 50],
        [99, 1],
        [0, 50],
        [3, 10_000],
      ] as const) {
        const quota = `reserve ${ahead} ${count} ${stepMs}`
        const before = { nextAt: Date.now() + ahead, penaltyUntil: 0, penaltyMs: 0 }
        await put(quota, before)
        const wanted: ReservationRequest = { ...rate, quota: quota, count, stepMs }
        const given = await store.rateLimiter.reserve(wanted)
        const expected = reserve(before, { wanted, now: given.firstAt - given.firstInMs })
        expect(given.count).toBe(expected.given.count)
        expect(given.firstAt).toBeCloseTo(expected.given.firstAt, 1)
        expect(given.nextInMs).toBeCloseTo(expected.given.nextInMs, 1)
        expectClose(await read(quota), expected.state)
      }
    },
  )

  it.each([-86_400_000, -1_500, -900, -10, 400, 3_600_000])(
    'penalize() agrees with the domain where a penalty ends in %d ms',
    async (ahead) => {
      for (const reservedInMs of [-2_000, -800, -5, null]) {
        for (const penaltyMs of [500, 1_000, 2_000]) {
          const quota = `penalty ${ahead} ${reservedInMs} ${penaltyMs}`
          const at = Date.now()
          const before = { nextAt: at + 10, penaltyUntil: at + ahead, penaltyMs }
          const reservedAt = reservedInMs === null ? null : at + reservedInMs
          await put(quota, before)
          const penalty = await store.rateLimiter.penalize(quota, reservedAt)
          const after = await read(quota)
          const now = after.penaltyUntil - penalty.forMs
          const expected = penalize(before, { reservedAt, now: penalty.first ? now : Date.now() })
          expect(penalty.first).toBe(expected.penalty.first)
          if (penalty.first) expectClose(after, expected.state)
          else expect(after.penaltyUntil).toBeCloseTo(before.penaltyUntil, 1)
        }
      }
    },
  )

  it('reserve() of three nodes at once gives no slot twice, and loses none', async () => {
    const url = await freshPostgresUrl()
    const nodes = await Promise.all([1, 2, 3].map(() => openStore(url)))
    const wanted = { ...rate, count: 2, stepMs: 3, burstMs: 0, horizonMs: 60_000 }
    const given = await Promise.all(
      Array.from({ length: 60 }, (_, n) => nodes[n % 3]?.rateLimiter.reserve(wanted)),
    )
    const slots = given.flatMap((one) => [one?.firstAt ?? 0, (one?.firstAt ?? 0) + 3])
    slots.sort((one, other) => one - other)
    expect(slots).toHaveLength(120)
    for (const [n, at] of slots.slice(1).entries()) {
      // An idle moment may put two slots further apart; nothing may bring them closer.
      expect(at - (slots[n] ?? 0)).toBeGreaterThan(2.9)
    }
    await Promise.all(nodes.map((node) => node.close()))
  })

  it('goes on after the table was emptied, as a crash of the server leaves it', async () => {
    const wanted = { ...rate, quota: 'crash', count: 1 }
    await store.rateLimiter.penalize('crash', null)
    expect((await store.rateLimiter.reserve(wanted)).count).toBe(0)
    await run('truncate quota_lines')
    expect((await store.rateLimiter.reserve(wanted)).count).toBe(1)
    expect((await store.rateLimiter.penalize('crash', null)).first).toBe(true)
  })

  it('keeps its state in a table that is not logged', async () => {
    const rows = await run(`select relpersistence from pg_class where relname = 'quota_lines'`)
    expect(rows).toEqual([{ relpersistence: 'u' }])
  })
})
