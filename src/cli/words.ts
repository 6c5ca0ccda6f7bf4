import { catalog } from '../i18n/locale.ts'
import type { Audit } from '../store/store.ts'

/** The last three with `--verify` alone. */
export type AuditCount = keyof Audit | 'unproven' | 'unverifiable' | 'unproven_old'

type AuditCounts = Readonly<Record<AuditCount, string>>

export const commandWords = catalog({
  en: {
    /** Shown beside the progress bar. */
    runningFor: (time: string) => `running for ${time}`,
    left: (time: string) => `${time} left`,
    comma: ', ',
    yes: 'yes',
    no: 'no',
    /** The meaning of each count of the audit. */
    counted: {
      paid_not_credited: 'orders that are paid, without their credit',
      credited_not_paid: 'orders with a credit whose state is not paid',
      credited_twice: 'orders and payments that were credited twice',
      unbalanced: 'transfers without two entries that sum to zero',
      mismatched: 'credits that are not what was ordered, or not to its user',
      unexplained: 'orders whose timeline does not explain their state',
      unproven: 'credits without a proof, or not as their proof has them; and deleted ones',
      unverifiable: 'credits whose proof was made with a key that is missing here',
      unproven_old: 'credits from before there were proofs',
    } satisfies AuditCounts,
  },
  zh: {
    runningFor: (time) => `已用时 ${time}`,
    left: (time) => `剩余 ${time}`,
    comma: '，',
    yes: '是',
    no: '否',
    counted: {
      paid_not_credited: '状态为已入账、却没有记账的订单',
      credited_not_paid: '记了账、状态却不是已入账的订单',
      credited_twice: '入账两次的订单或支付',
      unbalanced: '不是由两笔合计为零的分录组成的入账',
      mismatched: '与订单不符，或入错用户的入账',
      unexplained: '时间线说明不了其状态的订单',
      unproven: '没有证明、与证明不符，或已被删除的入账',
      unverifiable: '证明所用的密钥此处没有、因而无法核验的入账',
      unproven_old: '开始留证明之前的入账',
    },
  },
})
