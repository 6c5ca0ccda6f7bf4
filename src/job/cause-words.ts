import type { CauseWords } from '../gateway/gateway.ts'

/** For operators, in words that fit any gateway. The gateway's own words replace them. */
export const anyGatewaysWords: CauseWords = {
  timeout: 'there was none in time',
  network: 'no connection',
  server_error: 'errors of the gateway (5xx)',
  throttled: 'too many requests (429)',
  unverified: 'they cannot be verified; is the key right by which they are?',
  unparsable: 'they are not of the expected shape',
  refused: 'they are refusals (4xx)',
  unauthorized: 'the gateway does not accept our key or signature',
  forbidden: 'this merchant may not query',
  keyless: 'answers are signed by a key that is not configured',
  forged: "their signature is not by the key that is configured as the gateway's",
  unsigned: 'they are not signed',
  malformed: 'their signature is not whole',
  stale: "this machine's clock, or the gateway's, is wrong",
  clock: "this machine's clock is too far from the gateway's",
  page: 'web pages come instead of answers; a firewall or proxy on the way answers for the gateway',
}
