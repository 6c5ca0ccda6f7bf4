import { describe, expect, it } from 'vitest'
import type { Audit } from '../../src/store/store.ts'
import { LatestAudit } from '../../src/web/console/latest-audit.ts'

const clean: Audit = {
  paid_not_credited: 0,
  credited_not_paid: 0,
  credited_twice: 0,
  unbalanced: 0,
  mismatched: 0,
  unexplained: 0,
}

/** A store whose audit ends when the test says so, and a stopwatch that the test moves. */
function slowStore(kind: 'pglite' | 'postgres' = 'postgres') {
  const time = { ms: 0 }
  const audits: { end: (counts: Audit) => void; fail: (error: Error) => void }[] = []
  const store = {
    kind,
    audit: () => new Promise<Audit>((end, fail) => audits.push({ end, fail })),
    auditRows: async () => [{ orderNo: 'ORDER-1', merchant: null }],
  }
  const at = new Date('2026-01-24T07:00:00Z')
  const latest = new LatestAudit(store, { clock: () => at, emit: () => {}, now: () => time.ms })
  return { latest, audits, time, at }
}

describe('the latest audit', () => {
  it('is none before the first, and then what was counted, when, and how long that took', async () => {
    const { latest, audits, time, at } = slowStore()
    expect(latest.state().latest).toBe(null)
    const made = latest.refresh()
    expect(latest.state().isUnderWay).toBe(true)
    time.ms += 1234
    audits[0]?.end({ ...clean, unbalanced: 2 })
    const orders = { unbalanced: [{ orderNo: 'ORDER-1', merchant: null }] }
    const reading = { counts: { ...clean, unbalanced: 2 }, orders, at, durationMs: 1234 }
    expect(await made).toEqual(reading)
    expect(latest.state().latest).toEqual(reading)
    expect(latest.state().isUnderWay).toBe(false)
  })

  it('is made once for all who request it at the same time', async () => {
    const { latest, audits } = slowStore()
    const both = [latest.refresh(), latest.refresh()]
    expect(audits).toHaveLength(1)
    audits[0]?.end(clean)
    const [one, other] = await Promise.all(both)
    expect(one).toBe(other)
  })

  it('is made unasked at a hundred times the distance of its cost', async () => {
    const { latest, audits, time } = slowStore()
    const due = (orderCount = 1_000_000) => {
      latest.refreshIfDue({ orderCount })
      return audits.length
    }
    expect(due()).toBe(1)
    expect(due()).toBe(1)
    const made = latest.refresh()
    time.ms += 5_000
    audits[0]?.end(clean)
    await made
    time.ms += 499_999
    expect(due()).toBe(1)
    time.ms += 1
    expect(due()).toBe(2)
  })

  it('is made unasked on the embedded database only where there are few orders', async () => {
    const { latest, audits } = slowStore('pglite')
    latest.refreshIfDue({ orderCount: 10_001 })
    expect(audits).toHaveLength(0)
    latest.refreshIfDue({ orderCount: 10_000 })
    expect(audits).toHaveLength(1)
  })

  it('keeps what it knew when the next one fails, says so, and leaves the database alone for a while', async () => {
    const { latest, audits, time } = slowStore()
    const first = latest.refresh()
    audits[0]?.end(clean)
    await first
    const second = latest.refresh()
    audits[1]?.fail(new Error('away'))
    await expect(second).rejects.toThrow('away')
    expect(latest.state().hasFailed).toBe(true)
    expect(latest.state().latest?.counts).toEqual(clean)
    time.ms += 59_999
    latest.refreshIfDue({ orderCount: 1 })
    expect(audits).toHaveLength(2)
  })
})
