import type { UnknownAnswer, UnknownWhy } from '../../domain/trade.ts'
import { proxyName } from '../../servers/addresses.ts'
import { type ExaminedMerchant, keyIn } from './merchant.ts'

/**
 * What to do when the gateway gave no answer that counts: by the exact cause if known, else by its
 * kind.
 */
export function stepFor({ cause, why }: UnknownAnswer, merchant: Examined): string {
  return (why && stepByWhy(why, merchant)) ?? stepByCause(cause, merchant)
}

type Examined = Pick<ExaminedMerchant, 'wechat' | 'section'>

function stepByWhy(why: UnknownWhy, merchant: Examined): string | null {
  const { baseUrl, proxyUrl, publicKey } = merchant.wechat
  const at = (key: string) => keyIn(merchant, key)
  const { hostname } = new URL(baseUrl)
  const proxy = proxyUrl ? proxyName(proxyUrl) : ''
  switch (why) {
    case 'name':
      return `correct ${hostname} in ${at('base_url')}`
    case 'dns':
      return 'see to the DNS of this machine (resolv.conf)'
    case 'closed':
      return `correct host and port in ${at('base_url')}, or start what should listen there`
    case 'unreachable':
      return `see to the network: this machine has no route to ${hostname}`
    case 'reset':
      return `let the firewall, and whatever else is on the way, pass connections to ${hostname}`
    case 'no_http':
    case 'no_tls':
      if (proxyUrl) {
        return `have the proxy ${proxy} lead to ${hostname}, or correct ${at('base_url')}: no WeChat Pay is at the other end`
      }
      return `correct ${at('base_url')}: at ${baseUrl} is no WeChat Pay`
    case 'tls':
      return `see what is between this machine and ${hostname}: TLS must pass it unchanged`
    case 'untrusted':
      return `have what opens TLS on the way pass ${hostname} unchanged, or name its CA in NODE_EXTRA_CA_CERTS`
    case 'other_name':
      return `correct ${at('base_url')}: the certificate there is not for ${hostname}`
    case 'ended':
      return `compare this machine's clock; if it is right, ${hostname} needs a new certificate`
    case 'proxy':
      return `correct ${at('proxy_url')}, ${proxy}, or start that proxy`
    case 'proxy_login':
      return `correct user and password in ${at('proxy_url')}, ${proxy}`
    case 'proxy_refusal':
      return `have the proxy ${proxy} allow CONNECT to ${hostname}`
    case 'page':
      return `let the firewall or proxy on the way pass ${hostname}: a web page came in the place of its answer`
    case 'clock':
    case 'stale':
      return 'set the clock by NTP: WeChat Pay refuses what is 5 minutes off'
    case 'unsigned':
    case 'malformed':
      return 'have what is on the way pass the headers that begin with Wechatpay-'
    case 'probe':
      return 'try again: WeChat Pay signs some answers wrong on purpose'
    case 'keyless':
      return publicKey === null
        ? `set ${at('public_key_id')} and public_key_path to the key of that id, from the merchant console`
        : `compare ${at('public_key_id')} with the serial above and with the merchant console`
    case 'forged':
      return publicKey === null
        ? 'have what is on the way pass answers unchanged'
        : `download the public key of ${publicKey.id} again from the merchant console, into ${at('public_key_path')}`
    case 'unlisted':
      return `set ${at('public_key_id')} and public_key_path: this merchant has no platform certificates`
    case 'unopened':
      return `set ${at('api_v3_key')} to the one of the merchant console, or set a new one there and here`
    case 'damaged':
      return 'have what is on the way pass answers unchanged; if nothing is, report it to WeChat Pay'
  }
}

function stepByCause(cause: UnknownAnswer['cause'], merchant: Examined): string {
  const { baseUrl, maxQps } = merchant.wechat
  const at = (key: string) => keyIn(merchant, key)
  switch (cause) {
    case 'timeout':
      return `see with curl whether ${baseUrl} answers at all: if not, a firewall drops what is sent there; if it does, raise ${at('timeout_ms')}`
    case 'network':
      return wayTo(merchant)
    case 'unauthorized':
      return `take ${at('mch_id')}, serial_no and private_key_path from one download of the merchant console: one of them is of another`
    case 'forbidden':
    case 'foreign':
      return `compare ${at('mch_id')} and app_id with the merchant console`
    case 'unverified':
      return `compare the keys of ${merchant.section} with the merchant console`
    case 'refused':
      return `compare ${at('mch_id')} with the merchant console; if it is right, give the message to WeChat Pay's support`
    case 'throttled':
    case 'quota':
    case 'old_order_limit':
      return `try again in a minute; if it stays, lower ${maxQps === null ? 'compensation_max_qps' : at('max_qps')}`
    case 'server_error':
      return "try again in a minute: the fault is WeChat Pay's"
    case 'unparsable':
      return `correct ${at('base_url')}: what answers at ${baseUrl} is no WeChat Pay`
  }
}

function wayTo(merchant: Examined): string {
  const { baseUrl, proxyUrl } = merchant.wechat
  return proxyUrl
    ? `check ${keyIn(merchant, 'proxy_url')}, ${proxyName(proxyUrl)}, and that it may reach ${baseUrl}`
    : `check ${keyIn(merchant, 'base_url')}, and the way to ${baseUrl}`
}
