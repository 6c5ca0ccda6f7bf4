import { proxyName } from '../../addresses.ts'
import { clocksDisagreeMs } from '../../clocks.ts'
import type { Config, WechatConfig } from '../../config.ts'
import { openDispatcher } from '../../gateway/dispatcher.ts'
import type { Gateway, Probe } from '../../gateway/gateway.ts'
import { createWechatGateway } from '../../gateway/wechat.ts'
import type { UnknownAnswer } from '../../trade.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Asks the gateway whether it hears us, believes us, and is believed. Changes nothing there. */
export async function examineGateway({ wechat }: Config): Promise<readonly Finding[]> {
  if (wechat === null) return []
  const clock = await examineClock(wechat)
  const gateway = createWechatGateway(wechat, { emit: () => {} })
  try {
    return [clock, ...(await examineProbe(gateway, wechat))]
  } finally {
    await gateway.stop()
  }
}

/** Compares this machine's clock with the Date of an unsigned answer. */
async function examineClock(wechat: WechatConfig): Promise<Finding> {
  const { baseUrl } = wechat
  const name = 'clock'
  const next =
    'set the clock by NTP: no order is closed while they disagree, and WeChat Pay refuses what is 5 minutes off'
  const date = await dateOf(wechat)
  if (date === null) {
    return warn(name, {
      detail: `${baseUrl} did not tell the time`,
      next: wayTo(wechat),
    })
  }
  const skewMs = Date.now() - date.getTime()
  const detail = `${Math.abs(Math.round(skewMs / 1000))} s ${skewMs < 0 ? 'behind' : 'ahead of'} ${baseUrl}`
  // As readiness has it. WeChat Pay refuses what is 300 s off.
  return Math.abs(skewMs) > clocksDisagreeMs ? fail(name, { detail, next }) : ok(name, detail)
}

/** By the way that every question takes: a machine may have no other. */
export async function dateOf(wechat: WechatConfig): Promise<Date | null> {
  const dispatcher = await openDispatcher(wechat, { connections: 1 })
  try {
    const { headers, body } = await dispatcher.request({
      ...{ origin: new URL(wechat.baseUrl).origin, path: '/', method: 'GET' },
      signal: AbortSignal.timeout(wechat.timeoutMs),
      headers: { 'user-agent': 'budan' },
    })
    await body.dump()
    const date = new Date(String(headers.date ?? ''))
    return Number.isNaN(date.getTime()) ? null : date
  } catch {
    return null
  } finally {
    await dispatcher.destroy()
  }
}

async function examineProbe(gateway: Gateway, wechat: WechatConfig): Promise<readonly Finding[]> {
  const probe = await gateway.probe()
  const sealed = examineSeal(probe, wechat)
  if (probe.kind === 'ok') {
    const heard = ok('gateway', `${wechat.baseUrl} accepts our signature`)
    return [heard, examineAnswer(probe, wechat), ...sealed]
  }
  return [fail('gateway', { detail: probe.message, next: nextStep(probe, wechat) }), ...sealed]
}

/** An answer that finds no order need not be signed, and then nothing was verified. */
function examineAnswer({ verified }: { verified: boolean }, { publicKey }: WechatConfig): Finding {
  const name = 'answers'
  if (verified) return ok(name, 'signed by a key that we hold')
  const key = publicKey === null ? 'the certificates' : `the public key "${publicKey.id}"`
  return warn(name, {
    detail: `this one was not signed, so ${key} could not be tried`,
    next: 'check an order that exists: `budan check <order_no>` verifies its answer',
  })
}

/** The APIv3 key opens certificates and callbacks; only the former can be tried out. */
function examineSeal(probe: Probe, { publicKey }: WechatConfig): readonly Finding[] {
  const name = 'APIv3 key'
  if (publicKey !== null) {
    return [ok(name, '32 bytes; the first callback shows whether it is the right one')]
  }
  return probe.kind === 'ok' ? [ok(name, 'it opened the platform certificates')] : []
}

function nextStep({ cause }: UnknownAnswer, wechat: WechatConfig): string {
  const { publicKey } = wechat
  switch (cause) {
    case 'timeout':
    case 'network':
      return wayTo(wechat)
    case 'unauthorized':
      return 'compare wechat.mch_id, serial_no and private_key_path with one download of the console, and the clock'
    case 'forbidden':
    case 'foreign':
      return 'compare wechat.mch_id and app_id with the merchant console'
    case 'unverified':
      return publicKey === null
        ? 'compare wechat.api_v3_key with the merchant console; a newer merchant needs public_key_id and public_key_path'
        : 'compare wechat.public_key_id and public_key_path with the merchant console'
    case 'refused':
      return publicKey === null
        ? 'a newer merchant has no platform certificates: set public_key_id and public_key_path'
        : "compare wechat.mch_id with the merchant console; if it is right, give the message to WeChat Pay's support"
    case 'throttled':
    case 'quota':
    case 'aged':
      return 'try again in a minute; if it stays, lower compensation_max_qps'
    case 'server_error':
    case 'unparsable':
      return 'try again in a minute; make sure that nothing between rewrites the answers'
  }
}

function wayTo({ baseUrl, proxyUrl }: WechatConfig): string {
  return proxyUrl
    ? `check wechat.proxy_url, ${proxyName(proxyUrl)}, and that it may reach ${baseUrl}`
    : `check wechat.base_url, DNS, proxy and firewall on the way to ${baseUrl}`
}

/** Whether questions go straight or through a proxy, and whether somebody may have meant otherwise. */
export function examineProxy({ proxyUrl }: WechatConfig, env: NodeJS.ProcessEnv): Finding[] {
  const name = 'proxy'
  if (proxyUrl) return [ok(name, `every question goes through ${proxyName(proxyUrl)}`)]
  const variable = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].find(
    (each) => env[each],
  )
  if (variable === undefined) return []
  return [
    warn(name, {
      detail: `${variable} is set, and budan does not follow it`,
      next: 'set wechat.proxy_url if WeChat Pay can be reached through the proxy alone',
    }),
  ]
}
