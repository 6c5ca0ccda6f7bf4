import type { WechatConfig } from '../../../config/config.ts'
import { decoded } from '../../../servers/address-parts.ts'

export interface ProxyWay {
  /** Without the credentials: an error may quote it. */
  readonly uri: string
  /** What it is shown with each CONNECT. */
  readonly token: string | null
}

/** The proxy that is configured; null: the way is straight. */
export function proxyOf({ proxyUrl }: Pick<WechatConfig, 'proxyUrl'>): ProxyWay | null {
  if (!proxyUrl) return null
  const { protocol, host } = new URL(proxyUrl)
  return { uri: `${protocol}//${host}`, token: proxyToken(proxyUrl) }
}

/** As the address has them, decoded. A proxy may want a user name alone. */
function proxyToken(proxyUrl: string): string | null {
  const { username, password } = new URL(proxyUrl)
  if (username === '' && password === '') return null
  const pair = `${decoded(username)}:${decoded(password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/** It opened no tunnel; `cause` is why. */
export class ProxyFault extends Error {
  constructor(cause: Error) {
    super('untunnelled', { cause })
  }
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
