import { describe, expect, it } from 'vitest'
import { newOrderNo } from '../../src/orders/place.ts'

describe('newOrderNo()', () => {
  it('is RECH, the time in Shanghai, and ten alphanumerics', () => {
    expect(newOrderNo(new Date('2026-01-24T07:00:00Z'))).toMatch(
      /^RECH20260124150000[0-9A-Za-z]{10}$/,
    )
    expect(newOrderNo(new Date('2025-12-31T16:30:05Z'))).toMatch(/^RECH20260101003005/)
  })

  it('differs each time', () => {
    const numbers = new Set(Array.from({ length: 1000 }, () => newOrderNo(new Date(0))))
    expect(numbers.size).toBe(1000)
  })
})
