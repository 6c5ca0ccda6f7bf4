import { describe, expect, it } from 'vitest'
import { singleFlight } from '../../src/health/single-flight.ts'

describe('singleFlight()', () => {
  it('reads once for all callers that wait', async () => {
    let reads = 0
    const flight = singleFlight(async () => ++reads, { patienceMs: 10_000 })
    const results = await Promise.all([flight(), flight(), flight()])
    expect(results).toEqual(Array(3).fill({ kind: 'answered', value: 1 }))
    expect(await flight()).toEqual({ kind: 'answered', value: 2 })
  })

  it('reads no second time while a read hangs, and is late for each caller', async () => {
    let reads = 0
    let end: (answer: string) => void = () => undefined
    const hanging = new Promise<string>((resolve) => {
      end = resolve
    })
    const flight = singleFlight(
      () => {
        reads += 1
        return hanging
      },
      { patienceMs: 1 },
    )
    expect(await flight()).toEqual({ kind: 'late' })
    expect(await flight()).toEqual({ kind: 'late' })
    expect(reads).toBe(1)
    end('at last')
    expect(await flight()).toEqual({ kind: 'answered', value: 'at last' })
  })

  it('returns the error of a read, and reads again', async () => {
    const error = new Error('away')
    const flight = singleFlight(
      () => {
        throw error
      },
      { patienceMs: 10_000 },
    )
    expect(await flight()).toEqual({ kind: 'failed', error })
    expect(await flight()).toEqual({ kind: 'failed', error })
  })
})
