import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WrongTokens } from '../../src/web/access/wrong-tokens.ts'
import { buildWeb, startWeb } from '../../src/web/server.ts'
import { Visit } from '../console/visit.ts'
import { doubleBudan } from './double.ts'

const token = 'kPq3zR8vXw1mT6nB9cD4fG7hJ2sL5yA0'
const server = { host: '127.0.0.1', port: 0, apiToken: token }

/** Steps of a clock, not time: nothing here waits in earnest. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  vi.useRealTimers()
})

async function open() {
  const { budan, events } = doubleBudan()
  const app = await buildWeb(budan, { server, version: '0' })
  closing.push(async () => app.close())
  return { app, events }
}

/** What became of requests so far: their statuses, in the order in which they were answered. */
function sent(app: FastifyInstance, count: number, request: Partial<Request> = {}) {
  const answered: number[] = []
  const all = Array.from({ length: count }, async () => {
    const answer = await guessOnce(app, request)
    answered.push(answer.statusCode)
  })
  return { answered, all: Promise.all(all) }
}

interface Request {
  readonly url: string
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly authorization: string
  readonly remoteAddress: string
}

function guessOnce(app: FastifyInstance, request: Partial<Request> = {}) {
  const { url = '/v1/audit', method = 'GET', authorization = 'Bearer wrong' } = request
  const remoteAddress = request.remoteAddress ?? '203.0.113.7'
  return app.inject({ url, method, remoteAddress, headers: { authorization, accept: '*/*' } })
}

const right = { authorization: `Bearer ${token}` }

describe('wrong tokens in a row', () => {
  it('are answered at once five times, then ever later, up to 5 s', async () => {
    const { app } = await open()
    for (let each = 0; each < 5; each += 1) expect((await guessOnce(app)).statusCode).toBe(401)
    for (const waitMs of [500, 1000, 2000, 4000, 5000, 5000]) {
      const { answered, all } = sent(app, 1)
      await vi.advanceTimersByTimeAsync(waitMs - 1)
      expect(answered).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      await all
      expect(answered).toEqual([401])
    }
  })

  it('keep nobody out who has the right one, from the same address and at once', async () => {
    const { app } = await open()
    const { answered, all } = sent(app, 60)
    expect((await guessOnce(app, right)).statusCode).toBe(200)
    expect(answered.length).toBeLessThanOrEqual(5)
    await vi.runAllTimersAsync()
    await all
  })

  it('side by side gain nothing: 50 guessers get 50 answers in 5 s', async () => {
    const { app } = await open()
    await vi.advanceTimersByTimeAsync(0)
    const counter = { answers: 0, isOver: false }
    const guessers = Array.from({ length: 50 }, async () => {
      while (!counter.isOver) {
        await guessOnce(app)
        counter.answers += 1
      }
    })
    await vi.advanceTimersByTimeAsync(10_000)
    const early = counter.answers
    await vi.advanceTimersByTimeAsync(50_000)
    expect(counter.answers - early).toBeLessThanOrEqual(500)
    counter.isOver = true
    await vi.runAllTimersAsync()
    await Promise.all(guessers)
  })

  it.each([
    ['a path that is not there', { url: '/v1/nothing' }],
    ['a method that is not there', { url: '/v1', method: 'POST' as const }],
    ['HEAD', { method: 'HEAD' as const }],
    ['a page of the console', { url: '/orders' }],
  ])('are slowed at every door: %s', async (_what, request) => {
    const { app } = await open()
    await Promise.all(Array.from({ length: 5 }, () => guessOnce(app)))
    const { answered, all } = sent(app, 1, request)
    await vi.advanceTimersByTimeAsync(499)
    expect(answered).toEqual([])
    await vi.runAllTimersAsync()
    await all
    expect(answered[0]).toBeGreaterThanOrEqual(401)
  })

  it('count together at login and API', async () => {
    const { app } = await open()
    const visit = new Visit(app, { 'x-test': '1' })
    await Promise.all(
      Array.from({ length: 5 }, () => guessOnce(app, { remoteAddress: '127.0.0.1' })),
    )
    const _csrf = await visit.csrf()
    const login = visit.post('/login', { _csrf, token: 'wrong' })
    const state = { isAnswered: false }
    void login.then(() => (state.isAnswered = true))
    await vi.advanceTimersByTimeAsync(499)
    expect(state.isAnswered).toBe(false)
    await vi.runAllTimersAsync()
    expect((await login).statusCode).toBe(401)
  })

  it('that are none at all are no guesses', async () => {
    const { app } = await open()
    for (let each = 0; each < 20; each += 1) {
      expect((await guessOnce(app, { authorization: '' })).statusCode).toBe(401)
      expect((await guessOnce(app, { authorization: 'Basic dTpw' })).statusCode).toBe(401)
    }
  })

  it('from one address slow no other', async () => {
    const { app } = await open()
    const { all } = sent(app, 9)
    expect((await guessOnce(app, { remoteAddress: '203.0.113.8' })).statusCode).toBe(401)
    await vi.runAllTimersAsync()
    await all
  })
})

describe('answers that wait', () => {
  async function start() {
    const web = await startWeb(doubleBudan().budan, { server, version: '0' })
    closing.push(() => web.close())
    return web
  }

  async function guess(url: string, times = 1): Promise<Socket> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    const request = 'GET /v1/audit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n\r\n'
    socket.write(request.repeat(times))
    return socket
  }

  async function received(socket: Socket): Promise<string> {
    const parts: Buffer[] = []
    socket.on('data', (part) => parts.push(part))
    await once(socket, 'close')
    return Buffer.concat(parts).toString()
  }

  it('are not had sooner by guesses that are sent ahead: those cost the connection', async () => {
    const { url } = await start()
    const answers = await received(await guess(url, 16))
    expect(answers.match(/HTTP\/1\.1 401/g)?.length ?? 0).toBeLessThanOrEqual(5)
  })

  it('are not waited for by a stop of the server', async () => {
    const { url, close } = await start()
    for (let each = 0; each < 5; each += 1) {
      const socket = await guess(url)
      await once(socket, 'data')
      socket.destroy()
    }
    const waiting = await guess(url)
    const answer = received(waiting)
    // Answered after the one before was taken in.
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    await close()
    expect(await answer).toMatch(/^HTTP\/1\.1 401|^$/)
  })

  it('are at most 1,000; who comes after them has the connection closed, and the right token goes in', async () => {
    const { app } = await open()
    const { answered, all } = sent(app, 1_005)
    await vi.advanceTimersByTimeAsync(0)
    expect(answered).toEqual(Array(5).fill(401))
    await expect(guessOnce(app, { remoteAddress: '198.51.100.1' })).resolves.toMatchObject({
      statusCode: 401,
    })
    await expect(guessOnce(app)).rejects.toThrow()
    expect((await guessOnce(app, right)).statusCode).toBe(200)
    await vi.runAllTimersAsync()
    await all
    expect(answered).toHaveLength(1_005)
  })
})

describe('WrongTokens', () => {
  const step = { now: 0 }
  const counted = (addresses: readonly string[]) => {
    step.now = 0
    const counts = new WrongTokens(() => step.now)
    for (const address of addresses) counts.note(address)
    return counts
  }

  it('waits 5 s at most', () => {
    expect(counted(Array(100).fill('1.1.1.1')).note('1.1.1.1')).toBe(5_000)
  })

  it('takes the addresses that one customer of a network has in IPv6 for one', () => {
    const counts = counted([1, 2, 3, 4, 5].map((last) => `2001:db8:0:7::${last}`))
    expect(counts.note('2001:db8:0:7:9:9:9:9')).toBe(500)
    expect(counts.note('2001:db8:0:8::1')).toBe(0)
  })

  it('forgets after a quarter of an hour of quiet, or on request', () => {
    const counts = counted(Array(9).fill('1.1.1.1'))
    step.now = 15 * 60_000
    expect(counts.note('1.1.1.1')).toBe(0)
    const others = counted(Array(9).fill('1.1.1.1'))
    others.forget('1.1.1.1')
    expect(others.note('1.1.1.1')).toBe(0)
  })

  it('remembers ten thousand networks, the latest ones', () => {
    const counts = counted(Array(5).fill('1.1.1.1'))
    for (let each = 0; each < 10_000; each += 1) counts.note(`9.9.${each >> 8}.${each & 255}`)
    expect(counts.note('1.1.1.1')).toBe(0)
  })
})
