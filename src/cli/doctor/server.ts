import { isIP } from 'node:net'
import { isLoopback } from '../../config/values.ts'
import type { Config, ServerConfig, WechatConfig } from '../../config.ts'
import { type Finding, ok, warn } from './finding.ts'

/** What can be told of the service's own doors without opening them. */
export function examineServer(config: Config): readonly Finding[] {
  const token = examineToken(config.server)
  return config.wechat === null ? [token] : [token, examineNotifyUrl(config.wechat)]
}

// 16 letters and digits hold some 95 bits: nobody guesses that over a network.
const tokenLengthMin = 16

function examineToken({ apiToken, host }: ServerConfig): Finding {
  const name = 'api token'
  if (apiToken === null) {
    return isLoopback(host)
      ? ok(name, 'none; only this machine can ask')
      : warn(name, {
          detail: `none, and ${host} can be reached from other machines`,
          next: 'set server.api_token: serve will not start without one',
        })
  }
  const weak = apiToken.length < tokenLengthMin || new Set(apiToken).size < 8
  return weak
    ? warn(name, {
        detail: `weak: ${apiToken.length} characters, ${new Set(apiToken).size} different ones`,
        next: 'use a long random one: openssl rand -base64 24',
      })
    : ok(name, `${apiToken.length} characters`)
}

function examineNotifyUrl({ notifyUrl, baseUrl }: WechatConfig): Finding {
  const name = 'notify url'
  if (notifyUrl === null) {
    return warn(name, {
      detail: 'none: orders can be adopted, but not placed',
      next: 'set wechat.notify_url to https://YOUR-HOST/v1/callbacks/wechatpay',
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
  if (pathname !== '/v1/callbacks/wechatpay') {
    return warn(name, {
      detail: `its path is ${pathname}`,
      next: 'make sure that a proxy maps it to /v1/callbacks/wechatpay, body and headers unchanged',
    })
  }
  return ok(name, notifyUrl)
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
