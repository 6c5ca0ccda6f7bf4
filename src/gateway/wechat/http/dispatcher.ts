import type { Dispatcher } from 'undici'
import type { WechatConfig } from '../../../config/config.ts'
import { decoded } from '../../../servers/address-parts.ts'

/**
 * An order is some 2 KB, a list of certificates some 10 KB; but coupons, or whatever else is listed
 * with an order, decide nothing and must not keep its payment from being read.
 */
const responseBytesMax = 8 * 1024 * 1024
const headerBytesMax = 64 * 1024

/**
 * The way to the gateway: straight, or through the proxy that is configured, with the same limits.
 * Through a proxy it is a tunnel (CONNECT), so that the proxy sees neither signatures nor answers.
 * undici is loaded with the first question: a service is ready without it, and sooner.
 */
export async function openDispatcher(
  { proxyUrl }: Pick<WechatConfig, 'proxyUrl'>,
  { connections }: { connections: number },
): Promise<Dispatcher> {
  // By its default: a bundler that splits gives a CommonJS package no other name.
  const { default: undici } = await import('undici')
  const limits = {
    connections,
    maxResponseSize: responseBytesMax,
    maxHeaderSize: headerBytesMax,
  }
  if (!proxyUrl) return new undici.Agent(limits)
  const { protocol, host } = new URL(proxyUrl)
  const token = proxyToken(proxyUrl)
  // Without the credentials: an error may quote the address.
  return new undici.ProxyAgent({ ...limits, uri: `${protocol}//${host}`, ...(token && { token }) })
}

/** As the address has them, decoded. A proxy may want a user name alone. */
function proxyToken(proxyUrl: string): string | null {
  const { username, password } = new URL(proxyUrl)
  if (username === '' && password === '') return null
  const pair = `${decoded(username)}:${decoded(password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/** What undici says when a proxy answers CONNECT by anything but 200. */
const tunnelRefused = /^Proxy response \((\d+)\)/

/** What a proxy that would not let a question through means; null: it was no proxy's word. */
export function proxyRefusal(
  message: string,
): { readonly why: 'proxy_login' | 'proxy_refusal'; readonly words: string } | null {
  const status = tunnelRefused.exec(message)?.[1]
  if (status === undefined) return null
  return status === '407'
    ? {
        why: 'proxy_login',
        words: 'the proxy wants other credentials (407): see wechat.proxy_url',
      }
    : { why: 'proxy_refusal', words: `the proxy does not let it through (${status})` }
}
