import type { UnknownCause } from '../../domain/trade.ts'
import type { PhraseSets } from '../phrases.ts'

export const causes: Readonly<Record<UnknownCause, string>> = {
  timeout: '超时',
  network: '网络故障',
  server_error: '服务端错误',
  throttled: '请求过于频繁',
  unverified: '应答验签不通过',
  unparsable: '应答无法解析',
  refused: '被拒绝',
  unauthorized: '身份认证失败',
  forbidden: '无权限',
  foreign: '不属于本商户',
  quota: '查询配额已满',
  old_order_limit: '旧订单查询受限',
}

/** Errors that a run records for an order; reasons are in `reasons.ts`. */
export const settlingPhrases = {
  settling: {
    'The order is gone': '订单已不存在',
    'onPaid did not end within {ms:word} ms: nothing was credited':
      'onPaid 未在 {ms} 毫秒内结束，没有入账',
  },
  cause: causes,
  action: { credit: '入账', expire: '设为已关单', dismiss: '办结（无需入账）' },
} as const satisfies PhraseSets
