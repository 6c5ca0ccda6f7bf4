import { isIP } from 'node:net'
import type { ServerConfig } from '../../config/config.ts'
import { weakTokenFault } from '../../config/tokens/tokens.ts'
import { isLoopback } from '../../config/values.ts'
import { type Finding, ok, warn } from './finding.ts'
import { type ExaminedMerchant, keyIn } from './merchant.ts'

/** Checks the tokens, without listening. */
export function examineTokens({ tokens = [] }: ServerConfig, now: Date): readonly Finding[] {
  if (tokens.length === 0) return []
  const name = 'tokens'
  const expired = tokens.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now)
  if (expired.length === 0) return [ok(name, tokens.map((each) => each.name).join(', '))]
  const names = expired.map((each) => each.name).join(', ')
  const next = 'make new ones with budan token new, or take them out of server.tokens'
  return [warn(name, { detail: `expired: ${names}`, next })]
}

/** Checks the API token, without listening. */
export function examineToken({ apiToken, host, tokens = [] }: ServerConfig): Finding {
  const name = 'api token'
  if (apiToken === null && tokens.length > 0) return ok(name, 'none; server.tokens has others')
  if (apiToken === null) {
    return isLoopback(host)
      ? ok(name, 'none; only this machine can connect')
      : warn(name, {
          detail: `none, and ${host} can be reached from other machines`,
          next: 'set server.api_token: serve will not start without one',
        })
  }
  const isExposed = !isLoopback(host)
  const isWeak = isExposed ? weakTokenFault(apiToken) !== null : isWeakHere(apiToken)
  if (!isWeak) return ok(name, `${apiToken.length} characters`)
  return warn(name, {
    detail: `weak: ${apiToken.length} characters, ${new Set(apiToken).size} different ones`,
    next: isExposed
      ? 'use a long random one, or serve will not start: openssl rand -base64 24'
      : 'use a long random one: openssl rand -base64 24',
  })
}

/**
 * On loopback too a token matters, because a proxy may forward others: 16 letters and digits have
 * about 95 bits.
 */
function isWeakHere(token: string): boolean {
  return token.length < 16 || new Set(token).size < 8
}

/** Checks the address of the merchant's callbacks, without a request to it. */
export function examineNotifyUrl(merchant: ExaminedMerchant): Finding {
  const name = 'notify url'
  const { name: ofMerchant, notifyUrl, baseUrl } = merchant.wechat
  const [path, ...others] = callbackPaths(ofMerchant)
  if (notifyUrl === null) {
    return warn(name, {
      detail: 'none: orders can be adopted, but not placed',
      next: `set ${keyIn(merchant, 'notify_url')} to https://YOUR-HOST${path}`,
    })
  }
  const { hostname, pathname } = new URL(notifyUrl)
  // A gateway on this machine, such as the simulator, can call this machine.
  if (isPrivate(hostname) && !isLoopback(new URL(baseUrl).hostname)) {
    return warn(name, {
      detail: `${hostname} cannot be reached from the internet`,
      next: 'give an address that WeChat Pay can reach',
    })
  }
  if (![path, ...others].some((each) => pathname.endsWith(each))) {
    return warn(name, {
      detail: `its path is ${pathname}`,
      next: `make sure that a proxy maps it to ${path}, body and headers unchanged`,
    })
  }
  return ok(name, notifyUrl)
}

/** The path of the merchant's callbacks first. That without a name is for `default`. */
function callbackPaths(merchant: string): readonly [string, ...string[]] {
  const bare = '/v1/callbacks/wechatpay'
  const own = `${bare}/${merchant}`
  return merchant === 'default' ? [bare, own] : [own]
}

function isPrivate(hostname: string): boolean {
  if (isLoopback(hostname)) return true
  if (isIP(hostname) === 4) {
    return /^(10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(
      hostname,
    )
  }
  if (hostname.startsWith('[')) return /^\[(f[cd]|fe[89ab])/.test(hostname)
  return !hostname.includes('.') || /\.(local|internal|lan|home|test|localhost)$/.test(hostname)
}
