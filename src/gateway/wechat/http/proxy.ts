import type { WechatConfig } from '../../../config/config.ts'
import { decoded } from '../../../servers/address-parts.ts'

export interface ProxyWay {
  /** Without the credentials: an error may quote it. */
  readonly uri: string
  /** The credentials that each CONNECT sends. */
  readonly token: string | null
}

/** The configured proxy; null: the connection is direct. */
export function proxyOf({ proxyUrl }: Pick<WechatConfig, 'proxyUrl'>): ProxyWay | null {
  if (!proxyUrl) return null
  const { protocol, host } = new URL(proxyUrl)
  return { uri: `${protocol}//${host}`, token: proxyToken(proxyUrl) }
}

/** The credentials of the address, decoded. A proxy may want only a user name. */
function proxyToken(proxyUrl: string): string | null {
  const { username, password } = new URL(proxyUrl)
  if (username === '' && password === '') return null
  const pair = `${decoded(username)}:${decoded(password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/** The proxy opened no tunnel; `cause` says why. */
export class ProxyFault extends Error {
  constructor(cause: Error) {
    super('untunnelled', { cause })
  }
}

/** undici's message when a proxy answers CONNECT with anything but 200. */
const tunnelRefused = /^Proxy response \((\d+)\)/

/** Why a proxy refused a request; null: the message is not about a proxy's refusal. */
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
