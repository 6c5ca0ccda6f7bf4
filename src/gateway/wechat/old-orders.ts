import type { OldOrderRule } from '../rate-limit/old-order-limit.ts'

/**
 * Merchants report that WeChat Pay answers about twenty queries a minute about orders that are older than
 * thirty days. At most fifteen in any minute leaves a quarter of those to other programs: eight at once,
 * because a run comes every few minutes and takes what is available, and seven more in the rest of the
 * minute.
 */
export const wechatOldOrders: OldOrderRule = {
  olderThanMs: 30 * 86_400_000,
  atOnceMax: 8,
  stepMs: 8_000,
}
