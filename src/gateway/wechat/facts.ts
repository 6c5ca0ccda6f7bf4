import type { GatewayFacts } from '../gateway.ts'
import { wechatCauseWords } from './cause-words.ts'
import { claimsSignature } from './keys/signature.ts'
import { readWords } from './words.ts'

/** These facts need no key: they are known even where no gateway can be called. */
export const wechatFacts: GatewayFacts = {
  name: 'wechatpay',
  label: { en: 'WeChat Pay', zh: '微信支付' },
  /** WeChat Pay reads only the status, and shows the body to people in its console. */
  callbackReply(end) {
    if (end.kind === 'accepted') return { status: 204, contentType: null, body: '' }
    const body = JSON.stringify({ code: 'FAIL', message: end.reason })
    return { status: end.status, contentType: 'application/json; charset=utf-8', body }
  },
  isLikeCallback: claimsSignature,
  causeWords: wechatCauseWords,
  readWords,
}
