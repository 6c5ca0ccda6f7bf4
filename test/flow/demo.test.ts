import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runDemo } from '../../src/demo/demo.ts'

const quiet = { stage: () => undefined, progress: () => undefined }

describe('runDemo()', () => {
  it('plays at least 60 orders of at least eight scenarios, and each ends as expected', async () => {
    const steps: number[] = []
    const listener = { ...quiet, progress: (done: number) => void steps.push(done) }
    const { report, dir, close } = await runDemo({ version: 'test', listener })
    await close()
    expect(report.orders.filter(({ asExpected }) => !asExpected)).toEqual([])
    expect(report.ok).toBe(true)
    expect(report.orders.length).toBeGreaterThanOrEqual(60)
    expect(new Set(report.orders.map(({ scenario }) => scenario)).size).toBeGreaterThanOrEqual(8)
    expect(report.credited).toBe(report.taken)
    const paid = report.orders.filter(({ order }) => order.status === 'paid').length
    expect(report.shop).toMatchObject({ orders: paid, credited: report.taken })
    expect(report.shop.events).toMatchObject({ 'order.paid': paid, 'order.expired': 14 })
    // It had lost one of its answers.
    expect(report.shop.repeated).toBeGreaterThanOrEqual(1)
    expect(Object.values(report.audit).every((count) => count === 0)).toBe(true)
    expect(steps.length).toBeGreaterThan(60)
    expect(existsSync(dir)).toBe(false)
  }, 90_000)

  it('is not well when orders have not ended, and leaves nothing behind when it is stopped', async () => {
    const stopRequested = Promise.resolve()
    const { report, dir, close } = await runDemo({
      version: 'test',
      listener: quiet,
      stopRequested,
    })
    await close()
    expect(report.ok).toBe(false)
    expect(existsSync(dir)).toBe(false)
  }, 90_000)
})
