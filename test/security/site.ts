import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import type { ServerConfig } from '../../src/config/config.ts'
import type { RawCallback } from '../../src/gateway/gateway.ts'
import { buildWeb } from '../../src/web/server.ts'
import { Visit } from '../console/visit.ts'
import { bearer, plain, tokenOf } from '../support/tokens.ts'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'

/** An attack fails its test where it succeeds. */
export type Attacks = Readonly<Record<string, (open: OpenSite) => Promise<void>>>

export type OpenSite = (options?: SiteOptions) => Promise<Site>

export interface SiteOptions extends WorldOptions {
  readonly server?: Partial<ServerConfig>
}

export interface Request {
  /** Whose token is sent; null: none. */
  readonly by?: string | null
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly payload?: object
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  /** The code of a refusal. */
  readonly code: string | undefined
  readonly body: string
}

/** budan as it is served, with a database, the gateway's simulator, and tokens of several kinds. */
export interface Site extends World {
  readonly app: FastifyInstance
  call(url: string, request?: Request): Promise<Answer>
  /** A browser that is logged in with the token of that name. */
  visit(name: string): Promise<Visit>
  /** An order that was paid, and of whose payment budan does not know yet. */
  paid(orderNo: string, options?: { amount?: number; userId?: string }): Promise<void>
  /** Sends a callback as anybody can. */
  sendCallback(callback: RawCallback, url?: string): Promise<Answer>
  /** Nothing was credited to anybody, and the books agree. */
  expectNothingCredited(...userIds: readonly string[]): Promise<void>
  /** The books agree, and each of these accounts has that balance. */
  expectBalances(balances: Readonly<Record<string, bigint>>): Promise<void>
}

export const tokens = [
  tokenOf('reader', { scopes: ['orders:read'] }),
  tokenOf('backend', { scopes: ['orders:read', 'orders:place', 'orders:adopt', 'orders:check'] }),
  tokenOf('viewer', { role: 'viewer' }),
  tokenOf('wang.li', { role: 'operator' }),
  tokenOf('chen.yu', { role: 'operator' }),
  tokenOf('chief', { role: 'admin' }),
  tokenOf('former', { role: 'admin', expiresAt: new Date('2026-01-01T00:00:00Z') }),
]

export const callbackUrl = '/v1/callbacks/wechatpay'

export async function openSite({ server, ...options }: SiteOptions = {}): Promise<Site> {
  const world = await openWorld(options)
  const configured = { ...world.config.server, apiToken: plain('shared'), tokens, ...server }
  const app = await buildWeb(world.budan, { server: configured, version: '0', clock: world.now })
  const expectBalances = async (balances: Readonly<Record<string, bigint>>) => {
    const names = Object.keys(balances)
    const found = await Promise.all(names.map((name) => world.balance(name)))
    expect(Object.fromEntries(names.map((name, at) => [name, found[at]]))).toEqual(balances)
    const audit = Object.entries(await world.store.audit())
    expect(audit.filter(([, count]) => count !== 0)).toEqual([])
  }
  return {
    ...world,
    app,
    call: async (url, { by = null, method = 'GET', payload, headers = {} } = {}) => {
      const answer = await app.inject({
        ...{ method, url },
        headers: { accept: 'application/json', ...(by !== null && bearer(by)), ...headers },
        ...(payload !== undefined && { payload }),
      })
      return answerOf(answer)
    },
    visit: async (name) => {
      const visit = new Visit(app)
      await visit.logIn(plain(name))
      return visit
    },
    paid: async (orderNo, ordered = {}) => {
      await world.adopt(orderNo, ordered)
      world.control.pay(orderNo, { callback: false })
    },
    sendCallback: async ({ headers, body }, url = callbackUrl) =>
      answerOf(
        await app.inject({
          method: 'POST',
          url,
          headers: sendable(headers),
          payload: Buffer.from(body),
        }),
      ),
    expectBalances,
    expectNothingCredited: (...userIds) =>
      expectBalances(Object.fromEntries(['u1', ...userIds].map((userId) => [userId, 0n]))),
    close: async () => {
      await app.close()
      await world.close()
    },
  }
}

function answerOf({ statusCode, body }: { statusCode: number; body: string }): Answer {
  let code: string | undefined
  try {
    code = JSON.parse(body).code
  } catch {
    // A page, or nothing.
  }
  return { status: statusCode, code, body }
}

/** Of its own connection, and computed anew for a body that was changed. */
function sendable(headers: RawCallback['headers']): Record<string, string> {
  const skipped = ['host', 'connection', 'content-length', 'transfer-encoding']
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      skipped.includes(name) || value === undefined ? [] : [[name, String(value)]],
    ),
  )
}

/** The callback with that body, signed by this key as the gateway signs: time, nonce, body. */
export function signedBy(key: KeyObject, { headers, body }: RawCallback): RawCallback {
  const [at, nonce] = ['wechatpay-timestamp', 'wechatpay-nonce'].map((name) => headers[name])
  const text = Buffer.from(`${at}\n${nonce}\n${Buffer.from(body).toString()}\n`)
  const signature = sign('sha256', text, key).toString('base64')
  return { headers: { ...headers, 'wechatpay-signature': signature }, body }
}

export function anyKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
}
