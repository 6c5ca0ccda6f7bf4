import type { UnknownCause } from '../../src/domain/trade.ts'
import type { GatewayFacts } from '../../src/gateway/gateway.ts'
import { wechatFacts } from '../../src/gateway/wechat/facts.ts'

/** Why an answer may be unknown. */
export const causes = [
  ...['timeout', 'network', 'server_error', 'throttled', 'unverified', 'unparsable'],
  ...['refused', 'unauthorized', 'forbidden', 'foreign', 'quota', 'old_order_limit'],
] as readonly UnknownCause[]

/** The words for causes of WeChat Pay, and of a gateway that has none. */
export const ownWords = [wechatFacts, {}].map(({ causeWords }: Partial<GatewayFacts>) => ({
  causeWords,
}))
