import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import { FewLines } from '../../src/web/access/few-lines.ts'
import { buildWeb } from '../../src/web/server.ts'
import { Visit } from '../console/visit.ts'
import { doubleBudan } from './double.ts'

const token = 'kPq3zR8vXw1mT6nB9cD4fG7hJ2sL5yA0'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

describe('who is let in, and who is not', () => {
  let app: FastifyInstance
  let events: Event[]
  beforeEach(async () => {
    const double = doubleBudan()
    events = double.events
    const server = { host: '127.0.0.1', port: 0, apiToken: token }
    app = await buildWeb(double.budan, { server, version: '0' })
  })
  afterEach(() => app.close())

  it('gets a login and a logout, with name and address', async () => {
    const visit = new Visit(app)
    await visit.logIn(token)
    await visit.post('/logout', { _csrf: await visit.csrf('/nowhere') })
    expect(events).toEqual([
      { type: 'logged_in', name: 'api_token', address: '127.0.0.1' },
      { type: 'logged_out', name: 'api_token', address: '127.0.0.1' },
    ])
  })

  it('gets a refused login and a wrong Bearer token, by the door', async () => {
    await new Visit(app).logIn('wrong')
    await app.inject({ url: '/v1/audit', headers: { authorization: 'Bearer wrong' } })
    expect(events).toEqual([
      { type: 'access_refused', door: 'console' },
      { type: 'wrong_tokens', door: 'console', address: '127.0.0.1', count: 1 },
      { type: 'access_refused', door: 'api' },
      { type: 'wrong_tokens', door: 'api', address: '127.0.0.1', count: 1 },
    ])
    expect(JSON.stringify(events)).not.toMatch(/wrong"|kPq3/)
  })

  it('gets no program that is let in, and no request without a token', async () => {
    await app.inject({ url: '/v1/audit', headers: { authorization: `Bearer ${token}` } })
    await app.inject({ url: '/v1/audit' })
    expect(events.map(({ type }) => type)).toEqual(['audit_made'])
  })
})

describe('a flood of wrong tokens', () => {
  const open = () => {
    const lines: { address: string | null; count: number }[] = []
    const report = new FewLines<string>((address, count) => lines.push({ address, count }))
    const note = (address: string) => report.note(address, address)
    return { report, lines, note }
  }

  it('is logged at once, and then once a minute with its number', () => {
    const { lines, note } = open()
    for (let each = 0; each < 1000; each += 1) note('1.1.1.1')
    expect(lines).toEqual([{ address: '1.1.1.1', count: 1 }])
    vi.advanceTimersByTime(60_000)
    expect(lines.splice(0).slice(1)).toEqual([{ address: '1.1.1.1', count: 999 }])
    for (let each = 0; each < 10; each += 1) note('1.1.1.1')
    expect(lines).toEqual([])
    vi.advanceTimersByTime(60_000)
    expect(lines).toEqual([{ address: '1.1.1.1', count: 10 }])
  })

  it('that is over is logged at once when it begins again', () => {
    const { lines, note } = open()
    note('1.1.1.1')
    vi.advanceTimersByTime(120_000)
    note('1.1.1.1')
    expect(lines).toEqual(Array(2).fill({ address: '1.1.1.1', count: 1 }))
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(120_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('from thousands of networks is logged in some twenty lines a minute, and none is lost', () => {
    const { lines, note } = open()
    for (let each = 0; each < 5000; each += 1) note(`9.${each >> 8}.${each & 255}.1`)
    expect(lines).toHaveLength(20)
    vi.advanceTimersByTime(60_000)
    expect(lines.length).toBeLessThanOrEqual(41)
    expect(lines.at(-1)?.address).toBeNull()
    expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(5000)
  })

  it('is logged to its end when the server stops', () => {
    const { report, lines, note } = open()
    for (let each = 0; each < 7; each += 1) note('2001:db8::1')
    report.end()
    expect(lines.map(({ count }) => count)).toEqual([1, 6])
    expect(vi.getTimerCount()).toBe(0)
  })
})
