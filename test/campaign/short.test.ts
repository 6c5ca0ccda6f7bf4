import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Report } from '../../proof/campaign/verdict/report.ts'
import { withoutRedis } from '../support/redis.ts'

const root = join(import.meta.dirname, '../..')
const directory = mkdtempSync(join(tmpdir(), 'budan-short-campaign-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** It takes some 30 s on two idle cores. No time is measured, so a busy machine may take longer. */
const withinMs = 1_200_000

/**
 * By it the first 24 orders have every outcome, and the first ends of the nodes are of every kind: a kill,
 * one before the node is ready, a stop, and a node that is frozen until its leases have run out.
 */
const seed = 'short-11327'

/** Runs the campaign's program. The global setup has built dist/. */
async function runCampaign(...options: string[]): Promise<{ report: Report; printed: string }> {
  const file = join(directory, 'report.json')
  const args = ['--import', 'tsx', 'proof/campaign/main.ts', '--short', '--no-build']
  const printed = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [...args, '--seed', seed, '--json', file, ...options],
      { cwd: root, timeout: withinMs },
      // The report says what went wrong; it is checked below.
      (_error, stdout, stderr) => resolve(`${stderr}${stdout}`),
    )
  })
  try {
    return { report: JSON.parse(readFileSync(file, 'utf8')), printed }
  } catch (error) {
    throw new Error(`The campaign wrote no report: ${printed}`, { cause: error })
  }
}

function expectNothingLost({ report, printed }: { report: Report; printed: string }): void {
  expect(report.wrong, printed).toEqual([])
  expect(report).toMatchObject({
    ok: true,
    credits_lost: 0,
    credited_twice: 0,
    credited_wrongly: 0,
    balances_wrong: 0,
    orders_lost: 0,
    callbacks_lost: 0,
    backend_wrong: 0,
  })
  expect(report.backend_credited).toBe(report.credited)
  expect(report.backend_killed).toBeGreaterThan(0)
  expect(report.audit).toMatchObject({ unproven: 0, unverifiable: 0, unproven_old: 0 })
  expect(report.sums.owed).toBe(report.sums.credited)
  // The campaign reached the cases that it exists for.
  expect(report.credited).toBeGreaterThan(10)
  expect(report.credited_by.compensation).toBeGreaterThan(0)
  expect(report.orders_by_status).toMatchObject({
    paid: report.credited,
    expired: expect.any(Number),
    review: expect.any(Number),
  })
}

describe.skipIf(withoutRedis())('npm run campaign', () => {
  it(
    'loses and doubles nothing while nodes are killed, PostgreSQL restarts and Redis is wiped',
    async () => {
      const ended = await runCampaign()
      expectNothingLost(ended)
      expect(ended.report).toMatchObject({ kind: 'cluster', engine: 'redis' })
      expect(ended.report.nodes.killed).toBeGreaterThanOrEqual(6)
      expect(ended.report.outages).toEqual({
        postgres_immediate: 1,
        redis_wiped: 1,
        gateway_reset: 1,
      })
    },
    withinMs,
  )
})

describe('npm run campaign -- --embedded', () => {
  it(
    'keeps every acknowledged order and callback while the embedded database is killed repeatedly',
    async () => {
      const ended = await runCampaign('--embedded')
      expectNothingLost(ended)
      expect(ended.report).toMatchObject({ kind: 'embedded', engine: 'local' })
      expect(ended.report.nodes.killed).toBeGreaterThanOrEqual(4)
    },
    withinMs,
  )
})
