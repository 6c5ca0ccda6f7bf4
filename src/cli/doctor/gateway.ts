import type { WechatConfig } from '../../config/config.ts'
import { clocksDisagreeMs } from '../../domain/runs/clocks.ts'
import type { Gateway } from '../../gateway/gateway.ts'
import { Connections } from '../../gateway/wechat/http/dispatcher.ts'
import { tryApiV3Key } from '../../gateway/wechat/keys/try-key.ts'
import { createWechatGateway } from '../../gateway/wechat/wechat.ts'
import { proxyName } from '../../servers/addresses.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { stepFor } from './gateway-step.ts'
import { type ExaminedMerchant, keyIn } from './merchant.ts'

/** What the check of the database found, for the query to the gateway. */
export interface Known {
  /**
   * By merchant number: an order that the gateway is known to have. Empty: none is in the database, or
   * it cannot be read.
   */
  readonly orderNos: ReadonlyMap<string, string>
  /** Another process has the database open. */
  readonly isServed: boolean
}

/**
 * Checks the connection to the gateway, our signature and the gateway's. Changes nothing at the
 * gateway.
 */
export async function examineGateway(
  merchant: ExaminedMerchant,
  known: Promise<Known> = Promise.resolve({ orderNos: new Map(), isServed: false }),
): Promise<readonly Finding[]> {
  const { wechat } = merchant
  const gateway = createWechatGateway(wechat, { emit: () => {} })
  try {
    const [clock, probed] = await Promise.all([
      examineClock(wechat),
      examineProbe(gateway, { merchant, known }),
    ])
    return [clock, ...probed]
  } finally {
    await gateway.stop()
  }
}

/** Compares this machine's clock with the Date header of an unsigned answer. */
async function examineClock(wechat: WechatConfig): Promise<Finding> {
  const { baseUrl } = wechat
  const name = 'clock'
  const next =
    'set the clock by NTP: no order is closed while they disagree, and WeChat Pay refuses what is 5 minutes off'
  const date = await dateOf(wechat)
  if (date === null) {
    return warn(name, {
      detail: `${baseUrl} did not give the time`,
      next: 'see "gateway" below: the clocks are compared once it answers',
    })
  }
  const skewMs = Date.now() - date.getTime()
  const detail = `${Math.abs(Math.round(skewMs / 1000))} s ${skewMs < 0 ? 'behind' : 'ahead of'} ${baseUrl}`
  // The limit of readiness. WeChat Pay refuses requests that are 300 s off.
  return Math.abs(skewMs) > clocksDisagreeMs ? fail(name, { detail, next }) : ok(name, detail)
}

/** Through the configured proxy, as every query: the machine may have no other way. */
export async function dateOf(wechat: WechatConfig): Promise<Date | null> {
  const { origin } = new URL(wechat.baseUrl)
  const way = new Connections(wechat, { origin, connections: 1 })
  try {
    return await way.use(AbortSignal.timeout(wechat.timeoutMs), async (request) => {
      const headers = { 'user-agent': 'budan' }
      const answered = await request({ origin, path: '/', method: 'GET', headers })
      await answered.body.dump()
      const date = new Date(String(answered.headers.date ?? ''))
      return Number.isNaN(date.getTime()) ? null : date
    })
  } catch {
    return null
  } finally {
    await way.stop()
  }
}

interface Trying {
  readonly merchant: ExaminedMerchant
  readonly known: Promise<Known>
}

async function examineProbe(
  gateway: Gateway,
  { merchant, known }: Trying,
): Promise<readonly Finding[]> {
  const { wechat } = merchant
  // With a public key the probe decrypts nothing, so the APIv3 key is tried by a request of its own.
  const trial = wechat.publicKey === null ? null : tryApiV3Key(wechat)
  const probe = await gateway.probe()
  const tried = await trial
  if (probe.kind !== 'ok') {
    return [fail('gateway', { detail: probe.message, next: stepFor(probe, merchant) })]
  }
  const accepted = ok('gateway', `${wechat.baseUrl} accepts our signature`)
  const answers = probe.verified ? believed : await examineAnswer(gateway, { merchant, known })
  return [accepted, answers, tried === null ? opened : examineKey(tried, merchant)]
}

const believed = ok('answers', 'signed by a key that we hold')

/**
 * The gateway need not sign an answer without an order, and then nothing was verified. It signs an
 * answer about an order that it knows.
 */
async function examineAnswer(gateway: Gateway, { merchant, known }: Trying): Promise<Finding> {
  const name = 'answers'
  const { publicKey, mchId } = merchant.wechat
  const { orderNos, isServed } = await known
  const orderNo = orderNos.get(mchId) ?? null
  const answer = orderNo === null ? null : await gateway.query(orderNo)
  if (answer?.kind === 'trade') return believed
  if (answer?.kind === 'unknown' && answer.cause === 'unverified') {
    return fail(name, { detail: answer.message, next: stepFor(answer, merchant) })
  }
  const key = publicKey === null ? 'the certificates' : `the public key "${publicKey.id}"`
  return warn(name, {
    detail: `this one was not signed, so ${key} could not be tried`,
    next: isServed
      ? 'check an order that exists by the budan that runs: POST /v1/orders/{order_no}/check verifies its answer'
      : 'check an order that exists: `budan check <order_no>` verifies its answer',
  })
}

const opened = ok('APIv3 key', 'it opened the platform certificates')

/** The APIv3 key decrypts certificates and callbacks; only certificates can be tried here. */
function examineKey(
  tried: Awaited<ReturnType<typeof tryApiV3Key>>,
  merchant: ExaminedMerchant,
): Finding {
  const name = 'APIv3 key'
  if (tried.kind === 'opened') return opened
  if (tried.why === 'unopened') {
    return fail(name, { detail: tried.message, next: stepFor(tried, merchant) })
  }
  const why =
    tried.why === 'unlisted' ? 'this merchant has no platform certificates' : tried.message
  return warn(name, {
    detail: `32 bytes, and it could not be tried: ${why}`,
    next: `compare ${keyIn(merchant, 'api_v3_key')} with the merchant console; the first callback shows whether it is the right one`,
  })
}

/** Reports the proxy. Warns when the environment names one that budan does not use. */
export function examineProxy(merchant: ExaminedMerchant, env: NodeJS.ProcessEnv): Finding[] {
  const name = 'proxy'
  const { proxyUrl } = merchant.wechat
  if (proxyUrl) return [ok(name, `every request goes through ${proxyName(proxyUrl)}`)]
  const variable = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].find(
    (each) => env[each],
  )
  if (variable === undefined) return []
  return [
    warn(name, {
      detail: `${variable} is set, and budan does not follow it`,
      next: `set ${keyIn(merchant, 'proxy_url')} if WeChat Pay can be reached through the proxy alone`,
    }),
  ]
}
