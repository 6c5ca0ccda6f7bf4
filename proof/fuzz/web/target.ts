import { merchantOptions, SimulatorClock, startSimulator } from 'budan-simulator'
import type { FastifyInstance } from 'fastify'
import { openService } from '../../../src/service.ts'
import type { Store } from '../../../src/store/store.ts'
import { buildWeb } from '../../../src/web/server.ts'
import { countsOf, type FuzzDatabase, inspectAudit, openFuzzDatabase } from '../database.ts'
import { configFor, type Keys, present, withSecondMerchant } from '../keys.ts'
import {
  expectNoCrash,
  Finding,
  type InputResult,
  type OpenTarget,
  type Target,
} from '../target.ts'
import { type KnownNames, requestBy, type WebRequest } from './request.ts'

export interface WebTargetOptions {
  /** Lets a test put a faulty store in place. */
  readonly plant?: (store: Store) => Store
}

/** A second app id of the same merchant. */
const otherAppId = 'wx00000000000000f2'

const token = 'TokenThatNobodyMaySee0123456789'

/** A second merchant, with the keys of the first and half of its order numbers. */
const second = { name: 'B.2', mchid: '1900000777' } as const

/** The HTTP API of the whole program, with two merchants of whose orders none is ever paid. */
export function webTarget({ plant = (store) => store }: WebTargetOptions = {}): Target {
  return {
    name: 'web',
    weight: 7,
    async open({ keys }): Promise<OpenTarget> {
      const database = await openFuzzDatabase()
      const names = await placeKnownOrders(database.store, keys.merchant)
      const { mchid } = second
      await placeKnownOrders(database.store, { ...keys.merchant, mchid }, ['W0', 'W2', 'W7'])
      const { url, app, close } = await openSite(keys, plant(database.store))
      const secrets = [token, keys.merchant.apiV3Key, 'PRIVATE KEY', 'node_modules', '    at ', url]
      return {
        async feed(chance) {
          const request = requestBy(names, chance)
          const input = { ...request, payload: request.payload?.toString('base64') ?? null }
          const answer = await expectNoCrash(input, () => send(app, request))
          return judge(answer, { request, input, secrets })
        },
        inspect: () => inspect(database),
        close: async () => {
          await close()
          await database.remove()
        },
      }
    },
  }
}

async function openSite(keys: Keys, store: Store) {
  const clock = new SimulatorClock({ stepped: true, startAt: present })
  const start = (mchid: string) =>
    startSimulator({
      ...merchantOptions({ ...keys.merchant, mchid }),
      ...{ clock, signatureNow: () => present.getTime(), requestLogMax: 10 },
    })
  const simulator = await start(keys.merchant.mchid)
  const secondSimulator = await start(second.mchid)
  const one = configFor(keys, {
    ...{ baseUrl: simulator.url, apiToken: token },
    appIds: [keys.merchant.appid, otherAppId],
  })
  const config = withSecondMerchant(one, { ...second, baseUrl: secondSimulator.url })
  const budan = await openService(config, {
    store,
    clock: () => present,
  })
  const app = await buildWeb(budan, { server: config.server, version: '0', clock: () => present })
  return {
    url: simulator.url,
    app,
    close: async () => {
      await app.close()
      await budan.close()
      await Promise.all([simulator.stop(), secondSimulator.stop()])
    },
  }
}

/** Places orders, half of them in review, for the requests to name. */
async function placeKnownOrders(
  store: Store,
  ...[{ mchid, appid }, ends]: [Pick<Keys['merchant'], 'mchid' | 'appid'>, (readonly string[])?]
): Promise<KnownNames> {
  const all = Array.from({ length: 10 }, (_, n) => `RECH2026100108300000000000W${n}`)
  const orderNos = all.filter((each) => ends?.some((end) => each.endsWith(end)) ?? true)
  const userIds = ['u1', 'u2', '用户', 'a/b', 'x'.repeat(64)]
  for (const [nth, orderNo] of orderNos.entries()) {
    const facts = {
      orderNo,
      userId: userIds[nth % userIds.length] ?? '',
      amount: 100n,
      currency: 'CNY',
    }
    const rest = {
      decision: null,
      reason: null,
      alarm: false,
      evidence: null,
      runId: null,
      node: null,
    }
    const event = { orderNo, kind: 'adopted', source: 'api', tradeState: null, ...rest } as const
    const insertion = await store.insertOrder(
      {
        ...{
          ...facts,
          description: '',
          attach: null,
          gateway: 'wechatpay',
          mchid,
          appid,
          adopted: true,
        },
        ...{ idempotencyKey: null, createdAt: present },
        end: { kind: 'after', ttlMs: 7_200_000 },
      },
      event,
    )
    if (nth >= 5 || insertion.kind !== 'inserted') continue
    const { key } = insertion.order
    await store.transaction(async (tx) => {
      const locked = await tx.lockOrder(key)
      if (locked === null) throw new Error(`No order "${orderNo}"`)
      const answered = { ...event, kind: 'answered', source: 'check', alarm: true } as const
      await tx.changeStatus(locked.order, { status: 'review', event: answered })
    })
  }
  return {
    token,
    orderNos,
    userIds,
    appIds: [appid, otherAppId],
    merchants: ['default', second.name],
  }
}

type Answer = Awaited<ReturnType<typeof send>>

/** Each request has its own address, because wrong tokens are slowed down by address. */
function send(app: FastifyInstance, { method, url, headers, payload }: WebRequest) {
  addresses.last += 1
  const bytes = [10, addresses.last >> 16, addresses.last >> 8, addresses.last].map(
    (byte) => byte & 255,
  )
  const sent = { method, url, headers, remoteAddress: bytes.join('.') }
  return app.inject({ ...sent, ...(payload === null ? {} : { payload }) })
}

const addresses = { last: 0 }

interface WebInput {
  readonly request: WebRequest
  readonly input: unknown
  readonly secrets: readonly string[]
}

function judge(answer: Answer, { request, input, secrets }: WebInput): InputResult {
  const { statusCode: status, body } = answer
  const wrong = (message: string) =>
    new Finding('wrong answer', `${message}: ${status} ${body.slice(0, 500)}`, input)
  // /readyz says by this status that the node is not ready.
  const unready = status === 503 && /^\/readyz/.test(request.url)
  if (status >= 500 && !unready) throw wrong('failed')
  const secret = secrets.find((each) => body.includes(each))
  if (secret !== undefined) throw wrong(`reveals an internal (${secret})`)
  if (answer.headers['x-content-type-options'] !== 'nosniff')
    throw wrong('lacks X-Content-Type-Options')
  if (status < 400) {
    if (!request.trusted && isGuarded(request.url))
      throw wrong('accepted a request without the token')
    const other = otherMerchant(request, body)
    if (other !== null) throw wrong(`answers with an order of merchant ${other}`)
    return 'accepted'
  }
  if (request.method !== 'HEAD' && !unready && !isFault(body))
    throw wrong('is not an error of the documented form')
  return 'rejected'
}

/** The merchant of the order in the answer, where the request named another one. */
function otherMerchant({ url }: WebRequest, body: string): string | null {
  const named = /^\/v1\/orders\/[^/?]+(?:\/(?:check|abandon|review))?\?merchant=([^&]*)$/.exec(
    url,
  )?.[1]
  const found = /"merchant":("[^"]*"|null)/.exec(body)?.[1]
  if (named === undefined || found === undefined) return null
  return found === JSON.stringify(decodeURIComponent(named)) ? null : found
}

function isGuarded(url: string): boolean {
  return /^\/v1\/(orders|runs|accounts|reviews|audit)/.test(url)
}

/** `{"code","message"}` and nothing else. */
function isFault(body: string): boolean {
  try {
    const fault: unknown = JSON.parse(body)
    if (typeof fault !== 'object' || fault === null) return false
    const { code, message, ...more } = fault as Record<string, unknown>
    return (
      typeof code === 'string' &&
      /^\w+$/.test(code) &&
      typeof message === 'string' &&
      message.length <= 600 &&
      Object.keys(more).length === 0
    )
  } catch {
    return false
  }
}

/** No order was paid, so none may be credited. */
async function inspect(database: FuzzDatabase): Promise<void> {
  const { transfers, entries } = await countsOf(database)
  if (transfers + entries > 0) {
    throw new Finding('wrong credit', `${transfers} credits without a payment`, null)
  }
  await inspectAudit(database.store)
}
