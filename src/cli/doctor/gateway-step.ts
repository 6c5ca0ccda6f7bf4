import type { UnknownAnswer, UnknownWhy } from '../../domain/trade.ts'
import { proxyName } from '../../servers/addresses.ts'
import { type ExaminedMerchant, keyIn } from './merchant.ts'

/**
 * What to do when the gateway gave no answer that counts: by the exact cause if known, else by its
 * kind.
 */
export function stepFor({ cause, why }: UnknownAnswer, merchant: Examined): string {
  return why ? stepByWhy(why, merchant) : stepByCause(cause, merchant)
}

type Examined = Pick<ExaminedMerchant, 'wechat' | 'section'>

function stepByWhy(why: UnknownWhy, merchant: Examined): string {
  const { baseUrl, proxyUrl, publicKey } = merchant.wechat
  const at = (key: string) => keyIn(merchant, key)
  const { hostname } = new URL(baseUrl)
  const proxy = proxyUrl ? proxyName(proxyUrl) : ''
  const noWechat = proxyUrl
    ? `have the proxy ${proxy} lead to ${hostname}, or correct ${at('base_url')}: no WeChat Pay is at the other end`
    : `correct ${at('base_url')}: at ${baseUrl} is no WeChat Pay`
  const byNtp = 'set the clock by NTP: WeChat Pay refuses what is 5 minutes off'
  const passHeaders = 'have what is on the way pass the headers that begin with Wechatpay-'
  const steps: Readonly<Record<UnknownWhy, string>> = {
    name: `correct ${hostname} in ${at('base_url')}`,
    dns: 'see to the DNS of this machine (resolv.conf)',
    closed: `correct host and port in ${at('base_url')}, or start what should listen there`,
    unreachable: `see to the network: this machine has no route to ${hostname}`,
    reset: `let the firewall, and whatever else is on the way, pass connections to ${hostname}`,
    no_http: noWechat,
    no_tls: noWechat,
    tls: `see what is between this machine and ${hostname}: TLS must pass it unchanged`,
    untrusted: `have what opens TLS on the way pass ${hostname} unchanged, or name its CA in NODE_EXTRA_CA_CERTS`,
    other_name: `correct ${at('base_url')}: the certificate there is not for ${hostname}`,
    ended: `compare this machine's clock; if it is right, ${hostname} needs a new certificate`,
    proxy: `correct ${at('proxy_url')}, ${proxy}, or start that proxy`,
    proxy_login: `correct user and password in ${at('proxy_url')}, ${proxy}`,
    proxy_refusal: `have the proxy ${proxy} allow CONNECT to ${hostname}`,
    page: `let the firewall or proxy on the way pass ${hostname}: a web page came in the place of its answer`,
    clock: byNtp,
    stale: byNtp,
    unsigned: passHeaders,
    malformed: passHeaders,
    probe: 'try again: WeChat Pay signs some answers wrong on purpose',
    keyless:
      publicKey === null
        ? `set ${at('public_key_id')} and public_key_path to the key of that id, from the merchant console`
        : `compare ${at('public_key_id')} with the serial above and with the merchant console`,
    forged:
      publicKey === null
        ? 'have what is on the way pass answers unchanged'
        : `download the public key of ${publicKey.id} again from the merchant console, into ${at('public_key_path')}`,
    unlisted: `set ${at('public_key_id')} and public_key_path: this merchant has no platform certificates`,
    unopened: `set ${at('api_v3_key')} to the one of the merchant console, or set a new one there and here`,
    damaged:
      'have what is on the way pass answers unchanged; if nothing is, report it to WeChat Pay',
  }
  return steps[why]
}

function stepByCause(cause: UnknownAnswer['cause'], merchant: Examined): string {
  const { baseUrl, maxQps, proxyUrl } = merchant.wechat
  const at = (key: string) => keyIn(merchant, key)
  const compareIds = `compare ${at('mch_id')} and app_id with the merchant console`
  const slower = `try again in a minute; if it stays, lower ${maxQps === null ? 'compensation_max_qps' : at('max_qps')}`
  const steps: Readonly<Record<UnknownAnswer['cause'], string>> = {
    timeout: `see with curl whether ${baseUrl} answers at all: if not, a firewall drops what is sent there; if it does, raise ${at('timeout_ms')}`,
    network: proxyUrl
      ? `check ${at('proxy_url')}, ${proxyName(proxyUrl)}, and that it may reach ${baseUrl}`
      : `check ${at('base_url')}, and the way to ${baseUrl}`,
    unauthorized: `take ${at('mch_id')}, serial_no and private_key_path from one download of the merchant console: one of them is of another`,
    forbidden: compareIds,
    foreign: compareIds,
    unverified: `compare the keys of ${merchant.section} with the merchant console`,
    refused: `compare ${at('mch_id')} with the merchant console; if it is right, give the message to WeChat Pay's support`,
    throttled: slower,
    quota: slower,
    old_order_limit: slower,
    server_error: "try again in a minute: the fault is WeChat Pay's",
    unparsable: `correct ${at('base_url')}: what answers at ${baseUrl} is no WeChat Pay`,
  }
  return steps[cause]
}
