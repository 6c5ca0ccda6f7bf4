import { catalog } from '../i18n/locale.ts'
import type { presentAudit } from '../web/api/present.ts'

interface CommandWords {
  /** Shown beside the progress bar. */
  readonly runningFor: (time: string) => string
  readonly left: (time: string) => string
  readonly comma: string
  readonly yes: string
  readonly no: string
  /** The meaning of each count of the audit. */
  readonly counted: Readonly<Record<keyof ReturnType<typeof presentAudit>, string>>
}

export const commandWords = catalog<CommandWords>({
  en: {
    runningFor: (time) => `running for ${time}`,
    left: (time) => `${time} left`,
    comma: ', ',
    yes: 'yes',
    no: 'no',
    counted: {
      paid_not_credited: 'orders that are paid, without their credit',
      credited_not_paid: 'orders with a credit whose state is not paid',
      credited_twice: 'orders and payments that were credited twice',
      unbalanced: 'transfers without two entries that sum to zero',
      mismatched: 'credits that are not what was ordered, or not to its user',
      unexplained: 'orders whose timeline does not explain their state',
    },
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
    },
  },
})
