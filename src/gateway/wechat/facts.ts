import type { GatewayFacts } from '../gateway.ts'
import { claimsSignature } from './keys/signature.ts'

/** It is known without any key: also where there is no gateway to call. */
export const wechatFacts: GatewayFacts = {
  name: 'wechatpay',
  label: { en: 'WeChat Pay', zh: '微信支付' },
  /** It reads the status alone, and shows the rest to people in its console. */
  callbackReply(end) {
    if (end.kind === 'accepted') return { status: 204, contentType: null, body: '' }
    const body = JSON.stringify({ code: 'FAIL', message: end.reason })
    return { status: end.status, contentType: 'application/json; charset=utf-8', body }
  },
  isLikeCallback: claimsSignature,
}
