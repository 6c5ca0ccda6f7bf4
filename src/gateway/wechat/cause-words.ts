import type { CauseWords } from '../gateway.ts'

/** They name the keys, headers and limits of WeChat Pay. */
export const wechatCauseWords: CauseWords = {
  unverified:
    "they cannot be verified; is the gateway's public key right, and does no proxy strip headers?",
  unauthorized:
    '401: the serial number is not that of our private key, or not one of this merchant',
  forbidden: '403: this merchant may not query',
  clock: "401: this machine's clock is more than 5 minutes from the gateway's",
  unsigned: 'they are not signed; a proxy on the way may strip headers',
  malformed: 'their signature headers are not whole; a proxy on the way may strip headers',
  stale: "this machine's clock, or the gateway's, is more than 5 minutes off",
  probe: 'they are signature probes',
  unlisted:
    "the merchant has no platform certificates, and the gateway's public key is not configured",
  unopened: 'the APIv3 key opens no platform certificate',
  damaged: 'a platform certificate is not what the list of them says',
}
