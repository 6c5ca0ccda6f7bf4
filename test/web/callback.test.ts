import { once } from 'node:events'
import { request as send } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { RawCallback } from '../../src/gateway/gateway.ts'
import type { Budan } from '../../src/service.ts'
import { StoreError } from '../../src/store/errors.ts'
import { buildWeb, type WebOptions } from '../../src/web/server.ts'
import { sampleOrder } from '../support/samples.ts'
import { doubleBudan } from './double.ts'

/** How the callback's route answers; what a callback does is tested on the real budan. */

const url = '/v1/callbacks/wechatpay'
const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function open(
  receiveCallback: Budan['receiveCallback'],
  {
    limits = {},
    ...replaced
  }: Pick<WebOptions, 'limits'> & Partial<Pick<Budan, 'screenCallback'>> = {},
) {
  const double = doubleBudan({ budan: { receiveCallback, ...replaced } })
  const server = { host: '127.0.0.1', port: 0, apiToken: 'secret' }
  const app = await buildWeb(double.budan, { server, version: '0', limits })
  ends.push(() => app.close())
  return { app, ...double }
}

const settle: Budan['receiveCallback'] = async () => ({
  kind: 'settled',
  order: sampleOrder(),
  decision: 'pay',
})

describe('POST /v1/callbacks/wechatpay', () => {
  test('answers 204 without a body once settled', async () => {
    const { app } = await open(settle)
    const answer = await app.inject({ method: 'POST', url, payload: {} })
    expect(answer.statusCode).toBe(204)
    expect(answer.body).toBe('')
  })

  test('answers 503 when settling hangs, also over a real connection, where the body was read', async () => {
    const { app } = await open(() => new Promise(() => undefined), { limits: { answerMs: 20 } })
    const address = await app.listen({ host: '127.0.0.1', port: 0 })
    const answer = await fetch(`${address}${url}`, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ code: 'FAIL' })
  })

  const types = [
    'application/json',
    'text/plain',
    'application/octet-stream',
    'nonsense',
    '',
    '*/*',
  ]
  test.each(types)('hands on the very bytes with content type %j', async (type) => {
    const seen: RawCallback[] = []
    const { app } = await open(async (callback) => {
      seen.push(callback)
      return settle(callback)
    })
    const payload = Buffer.from([0x7b, 0x20, 0xff, 0x00, 0x0d, 0x0a, 0x7d])
    const headers = { 'content-type': type, 'Wechatpay-Nonce': 'n1' }
    const answer = await app.inject({ method: 'POST', url, headers, payload })
    expect(answer.statusCode).toBe(204)
    expect(Buffer.from(seen[0]?.body ?? []).equals(payload)).toBe(true)
    expect(seen[0]?.headers['wechatpay-nonce']).toBe('n1')
  })

  test('hands on no bytes when there is no body', async () => {
    const seen: RawCallback[] = []
    const { app } = await open(async (callback) => {
      seen.push(callback)
      return settle(callback)
    })
    await app.inject({ method: 'POST', url })
    expect(seen[0]?.body.length).toBe(0)
  })

  test.each([400, 401, 404, 500, 503])('answers %i FAIL when budan rejects so', async (status) => {
    const { app } = await open(async () => ({
      kind: 'rejected',
      status,
      reason: 'stale timestamp',
    }))
    const answer = await app.inject({ method: 'POST', url, payload: {} })
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toEqual({ code: 'FAIL', message: 'stale timestamp' })
  })

  test('never takes a rejection for a success', async () => {
    const { app, events } = await open(async () => ({ kind: 'rejected', status: 200, reason: 'x' }))
    const answer = await app.inject({ method: 'POST', url, payload: {} })
    expect(answer.statusCode).toBe(500)
    expect(answer.json().code).toBe('FAIL')
    expect(events.map(({ type }) => type)).toEqual(['request_failed'])
  })

  test.each([
    [new Error('APIv3 key is 0123456789'), 500],
    [new StoreError('COMMIT failed at 10.0.0.7'), 503],
    [null, 500],
  ])('answers FAIL without a word of %o', async (error, status) => {
    const { app, events } = await open(() => Promise.reject(error))
    const answer = await app.inject({ method: 'POST', url, payload: {} })
    expect(answer.statusCode).toBe(status)
    expect(Object.keys(answer.json())).toEqual(['code', 'message'])
    expect(answer.json().code).toBe('FAIL')
    expect(answer.body).not.toMatch(/0123456789|10\.0\.0\.7/)
    expect(events).toEqual([{ type: 'request_failed', method: 'POST', path: url, error }])
  })

  const mib = 1024 * 1024
  const long = (bytes = mib) => ({
    method: 'POST' as const,
    url,
    payload: Buffer.alloc(bytes, 0x20),
  })

  test('hands on a body of 4 MiB when its headers may be right', async () => {
    const { app, calls } = await open(settle)
    expect((await app.inject(long(4 * mib))).statusCode).toBe(204)
    expect(calls).toEqual(['screenCallback', 'receiveCallback'])
  })

  test('hands on a long body that a proxy sends without saying how long it is', async () => {
    const lengths: number[] = []
    const { app, calls } = await open(async (callback) => {
      lengths.push(callback.body.length)
      return settle(callback)
    })
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const sending = send({ port, method: 'POST', path: url })
    for (let part = 0; part < 24; part += 1) sending.write(Buffer.alloc(64 * 1024, 0x20))
    sending.end()
    const [answer] = await once(sending, 'response')
    expect(answer.statusCode).toBe(204)
    answer.resume()
    expect(lengths).toEqual([1.5 * mib])
    expect(calls).toEqual(['screenCallback', 'receiveCallback'])
  })

  test('answers 413 FAIL beyond 4 MiB, and says so', async () => {
    const { app, calls } = await open(settle)
    const answer = await app.inject(long(4 * mib + 1))
    expect(answer.statusCode).toBe(413)
    expect(answer.json()).toEqual({
      code: 'FAIL',
      message: 'Cannot read the body: it exceeds 4096 KiB',
    })
    expect(calls).toEqual(['screenCallback'])
  })

  test('looks at no header beforehand for a body of 64 KiB', async () => {
    const { app, calls } = await open(settle)
    expect((await app.inject(long(64 * 1024))).statusCode).toBe(204)
    expect(calls).toEqual(['receiveCallback'])
  })

  const unsigned = { kind: 'rejected', status: 401, reason: 'it is not signed' } as const

  test.each([
    ['says that it has 4 MiB', 'Content-Length: 4194304'],
    ['does not say how long it is', 'Transfer-Encoding: chunked'],
  ])("answers 401 to a stranger's body before it has come, when it %s", async (_, length) => {
    const screenCallback = async () => unsigned
    const { app, calls } = await open(settle, { screenCallback })
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const socket = connect(Number(port), '127.0.0.1')
    ends.unshift(async () => void socket.destroy())
    socket.write(`POST ${url} HTTP/1.1\r\nHost: 127.0.0.1\r\n${length}\r\n\r\n`)
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1.1 401 [\s\S]*"message":"it is not signed"/)
    expect(calls).toEqual(['screenCallback'])
  })

  test('holds eight long bodies at a time, and answers 503 FAIL to a ninth', async () => {
    const waiting: (() => void)[] = []
    const { app } = await open(async (callback) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return settle(callback)
    })
    const held = Array.from({ length: 8 }, () => app.inject(long()))
    await vi.waitFor(() => expect(waiting).toHaveLength(8), { timeout: 60_000 })
    const ninth = await app.inject(long())
    expect(ninth.statusCode).toBe(503)
    expect(ninth.json().code).toBe('FAIL')
    for (const resolve of waiting.splice(0)) resolve()
    expect((await Promise.all(held)).map(({ statusCode }) => statusCode)).toEqual(
      Array(8).fill(204),
    )
    const tenth = app.inject(long())
    await vi.waitFor(() => expect(waiting).toHaveLength(1), { timeout: 60_000 })
    waiting[0]?.()
    expect((await tenth).statusCode).toBe(204)
  })

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD'] as const)(
    'answers %s with 404',
    async (m) => {
      const { app, calls } = await open(settle)
      const answer = await app.inject({ method: m, url: `${url}?x=1` })
      expect(answer.statusCode).toBe(404)
      if (m !== 'HEAD') expect(answer.json().code).toBe('FAIL')
      expect(calls).toEqual([])
    },
  )
})
