import { describe, expect, it } from 'vitest'
import type { DatabaseState } from '../../src/health/database-state.ts'
import type { Vitals } from '../../src/store/store.ts'
import type { MerchantReading, Readings, State } from '../../src/telemetry/gauges.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { sampleRun } from '../support/samples.ts'

const vitals: Vitals = {
  now: new Date('2026-01-24T12:00:00Z'),
  ordersByStatus: { pending: 7, paid: 100, expired: 3, review: 5 },
  reviewQueue: 2,
  exceptions: { review: { count: 2, amount: 300n }, unknown_payment: { count: 1, amount: 50n } },
  unpositioned: 4,
  oldestUnaskedMs: 90_000,
  mostOverdueMs: null,
  lastFinishedRunAt: new Date('2026-01-24T11:59:00Z'),
}

/** As a database that is well has it, but for what is changed. */
function stateWith(changes: Partial<DatabaseState> = {}): State {
  const database: DatabaseState = {
    time: { kind: 'answered', value: vitals.now },
    vitals: { kind: 'answered', value: vitals },
    schema: { kind: 'answered', value: { pending: [], held: [], unknown: [], breaking: [] } },
    writeFault: { kind: 'answered', value: null },
    ...changes,
  }
  const read = database.vitals.kind === 'answered' ? database.vitals.value : null
  return {
    database,
    readiness: { ready: read !== null, checks: [], vitals: read },
    skews: [{ pair: 'database_node', aheadMs: -90_000 }],
  }
}

function merchantReading(changes: Partial<MerchantReading> = {}): MerchantReading {
  return {
    ...{ name: 'default', breakerReason: null, backlog: null },
    answers: { uselessCount: 2, absentCount: 4 },
    ...changes,
  }
}

function metrics(reason: string | null = null, changes: Partial<Readings> = {}) {
  return createMetrics({
    state: async () => stateWith(),
    merchants: () => [merchantReading({ breakerReason: reason })],
    engine: () => ({ isUp: null, jobs: null, lastTickAgeMs: null }),
    ...changes,
  })
}

async function read(from: ReturnType<typeof metrics>): Promise<readonly string[]> {
  return (await from.read()).text.split('\n')
}

describe('createMetrics()', () => {
  it('registers both of the story at once, with every result', async () => {
    const lines = await read(metrics())
    expect(lines).toContain('# TYPE recharge_compensation_job_duration_seconds histogram')
    expect(lines).toContain(
      '# HELP recharge_compensation_job_duration_seconds Duration of order compensation job',
    )
    for (const result of ['success', 'failed', 'skipped']) {
      expect(lines).toContain(`recharge_compensation_orders_total{result="${result}"} 0`)
    }
  })

  it('observes every run: finished, empty, and one that could not read its orders', async () => {
    const watched = metrics()
    const run = sampleRun({ total: 6, success: 3, failed: 1, skipped: 2 })
    watched.emit({ type: 'run_finished', run })
    watched.emit({ type: 'scan_empty', run: sampleRun() })
    watched.emit({ type: 'scan_failed', error: new Error(), durationMs: 20 })
    const lines = await read(watched)
    expect(lines).toContain('recharge_compensation_job_duration_seconds_count 3')
    expect(lines).toContain('recharge_compensation_orders_total{result="success"} 3')
    expect(lines).toContain('recharge_compensation_orders_total{result="failed"} 1')
    expect(lines).toContain('recharge_compensation_orders_total{result="skipped"} 2')
  })

  it('counts no orders for a dry run', async () => {
    const watched = metrics()
    watched.emit({ type: 'run_finished', run: sampleRun({ dryRun: true, total: 1, success: 1 }) })
    expect(await read(watched)).toContain('recharge_compensation_orders_total{result="success"} 0')
  })

  it('show what an operator needs', async () => {
    const watched = metrics('unauthorized: 401')
    watched.emit({
      type: 'order_credited',
      orderNo: 'x',
      source: 'compensation',
      paidAt: new Date('2026-01-24T11:00:00Z'),
      creditedAt: new Date('2026-01-24T11:06:00Z'),
    })
    watched.emit({ type: 'gateway_called', operation: 'query', outcome: 'trade', durationMs: 30 })
    const lines = await read(watched)
    for (const line of [
      'budan_orders{status="pending"} 7',
      'budan_review_orders 2',
      'budan_oldest_unasked_order_age_seconds 90',
      `budan_last_finished_run_timestamp_seconds ${+new Date('2026-01-24T11:59:00Z') / 1000}`,
      'budan_breaker_open 1',
      'budan_ready 1',
      'budan_database_up 1',
      'budan_database_writable 1',
      'budan_clock_skew_seconds{clocks="database_node"} -90',
      'budan_useless_answers 2',
      'budan_absent_answers 4',
      'budan_credits_total{source="compensation"} 1',
      'budan_payment_to_credit_seconds_sum{source="compensation"} 360',
      'budan_gateway_calls_total{operation="query",outcome="trade"} 1',
    ]) {
      expect(lines).toContain(line)
    }
  })

  it('counts logins, and wrong tokens by the door, from 0 on', async () => {
    const watched = metrics()
    const counts = async () =>
      (await read(watched)).filter((line) => line.startsWith('budan_access_total{'))
    expect(await counts()).toEqual([
      'budan_access_total{door="console",result="accepted"} 0',
      'budan_access_total{door="console",result="refused"} 0',
      'budan_access_total{door="api",result="refused"} 0',
    ])
    watched.emit({ type: 'logged_in', name: 'api_token', address: '203.0.113.7' })
    watched.emit({ type: 'access_refused', door: 'api' })
    watched.emit({ type: 'wrong_tokens', door: 'api', address: '203.0.113.7', count: 5 })
    expect(await counts()).toEqual([
      'budan_access_total{door="console",result="accepted"} 1',
      'budan_access_total{door="console",result="refused"} 0',
      'budan_access_total{door="api",result="refused"} 1',
    ])
  })

  it('show the backlog and the engine, and nothing that is not known', async () => {
    const estimate = { remaining: 900, perSec: 2, doneInMs: 450_000, basis: 'measured' } as const
    const jobs = { waiting: 17, active: 3, failed: 0 }
    const known = {
      merchants: () => [merchantReading({ backlog: estimate })],
      engine: () => ({ isUp: true, jobs, lastTickAgeMs: 1500 }),
    }
    const lines = await read(metrics(null, known))
    for (const line of [
      'budan_backlog_orders 900',
      'budan_backlog_eta_seconds 450',
      'budan_engine_jobs{state="waiting"} 17',
      'budan_engine_jobs{state="active"} 3',
      'budan_engine_jobs{state="failed"} 0',
      'budan_engine_up 1',
      'budan_engine_last_tick_age_seconds 1.5',
    ]) {
      expect(lines).toContain(line)
    }
    const unknown = await read(metrics())
    expect(unknown.filter((line) => /^budan_(backlog|engine)_/.test(line))).toEqual([])
    const growing = {
      merchants: () => [merchantReading({ backlog: { ...estimate, doneInMs: null } })],
    }
    expect(await read(metrics(null, growing))).toContain('budan_backlog_eta_seconds +Inf')
  })

  it('label what is one merchant’s where there are several', async () => {
    const several = [
      merchantReading({ name: 'shop-a', breakerReason: 'wrong key' }),
      merchantReading({
        name: 'shop-b',
        backlog: { remaining: 7, perSec: 1, basis: 'quota', doneInMs: 7000 },
      }),
    ]
    const lines = await read(metrics(null, { merchants: () => several }))
    for (const line of [
      'budan_breaker_open{merchant="shop-a"} 1',
      'budan_breaker_open{merchant="shop-b"} 0',
      'budan_useless_answers{merchant="shop-a"} 2',
      'budan_backlog_orders{merchant="shop-b"} 7',
    ]) {
      expect(lines).toContain(line)
    }
    expect(lines.filter((line) => line.startsWith('budan_backlog_orders{'))).toHaveLength(1)
  })

  it('drop a value as soon as it cannot be read, and show it again afterwards', async () => {
    let state = stateWith()
    const watched = metrics(null, { state: async () => state })
    const ofDatabase = /^budan_(ready|database|orders|review_orders|last|oldest|most)[^ ]* /
    const shown = async () =>
      (await read(watched))
        .filter((line) => ofDatabase.test(line))
        .map((line) => line.split('{')[0])
    const before = await shown()
    expect(before).toContain('budan_orders')
    const late = { kind: 'late' } as const
    state = stateWith({ time: late, vitals: late, schema: late, writeFault: late })
    expect(await shown()).toEqual(['budan_ready 0', 'budan_database_up 0'])
    state = stateWith({ vitals: late })
    expect(await shown()).toEqual([
      ...['budan_ready 0', 'budan_database_up 1', 'budan_database_writable 1'],
    ])
    state = stateWith({ writeFault: { kind: 'answered', value: { kind: 'full', message: '' } } })
    expect(await shown()).toContain('budan_database_writable 0')
    state = stateWith()
    expect(await shown()).toEqual(before)
  })

  it.each(['state', 'merchants', 'engine'] as const)(
    'answers with all else where the reading of %s fails',
    async (name) => {
      const fails = () => {
        throw new Error('a reading that fails')
      }
      const gauges = (lines: readonly string[]) => lines.filter((line) => /^budan_\w+ /.test(line))
      const all = gauges(await read(metrics()))
      const left = gauges(await read(metrics(null, { [name]: fails })))
      expect(all).toEqual(expect.arrayContaining(left))
      expect(left.length).toBeGreaterThan(all.length / 3)
    },
  )
})
