import type { Audit } from '../../../store/store.ts'
import { gatewayCatalog } from '../frame/rendering.ts'

interface Explained {
  readonly title: string
  /** What is wrong where it is not 0. */
  readonly meaning: string
  readonly advice: string
}

type AsOf = readonly [string, (took: string) => string]

type Checks = Readonly<Record<keyof Audit, Explained>>

export const auditWords = gatewayCatalog({
  en: (gateway) => ({
    title: 'Audit',
    lead: 'Six checks of every order and every ledger entry that rely on no other safeguard. All counts are 0 when the ledger is right.',
    never: 'No audit has run since budan was started.',
    underWay: 'An audit is running. Reload the page in a moment.',
    failed:
      'The last audit did not finish: the database was not available. The result below is older.',
    asOf: ['As of ', (took) => `. It took ${took}.`] as AsOf,
    form: {
      button: 'Run the audit now',
      underWay: 'Reading all orders and entries …',
      hint: 'Reads whole tables: takes seconds for a hundred thousand orders. It changes nothing.',
    },
    allWell: 'OK: the ledger agrees with the orders.',
    notWell:
      'The ledger does not agree with the orders. Check the orders below before any payout; budan does not correct this by itself.',
    advice: 'What to do',
    rowsTitle: 'Orders',
    rowsMax: (limit: number) => `Only the first ${limit} are shown.`,
    gone: 'They are gone now: run the audit again.',
    checks: {
      paid_not_credited: {
        title: 'Paid, not credited',
        meaning: 'An order is paid, and the ledger has no credit for its user.',
        advice: `The user paid and has no credit. Open the order: if ${gateway} answers that it was paid, the transfer or an entry was lost by a restore or by hand. Restore the rows from a backup.`,
      },
      credited_not_paid: {
        title: 'Credited, not paid',
        meaning: 'The ledger has a credit for an order that is not paid, or that does not exist.',
        advice: `A user may have credit without a payment. Find out who wrote to the database besides budan, and query ${gateway} for each order before you correct it.`,
      },
      credited_twice: {
        title: 'Credited twice',
        meaning: 'One order, or one payment, was credited more than once.',
        advice:
          'A unique key was dropped or is broken: check the indexes (REINDEX), then correct the second credit.',
      },
      unbalanced: {
        title: 'Unbalanced',
        meaning: 'A transfer has not exactly two entries that sum to zero in its own amount.',
        advice:
          'An entry was changed, lost or added without budan. Compare the ledger on the order’s page with a backup.',
      },
      mismatched: {
        title: 'Mismatched',
        meaning:
          'The transfer differs from the order: amount, currency, merchant, transaction or user.',
        advice: `Compare the ledger on the order’s page with its facts, and with ${gateway}’s answer (check now).`,
      },
      unexplained: {
        title: 'Unexplained',
        meaning: 'The timeline of an order does not explain its state.',
        advice: `The order or its events were changed without budan. Check the order: ${gateway}’s answer is recorded, and shows what its state should be.`,
      },
    } as Checks,
  }),
  zh: (gateway) => ({
    title: '账目自检',
    lead: '对每个订单、每条分录做六项独立核对，不依赖其他任何保护措施。账目无误时，六项计数均为 0。',
    never: '自 budan 启动以来还没有做过自检。',
    underWay: '正在自检，请稍后刷新页面。',
    failed: '上一次自检没有完成：数据库不可用。下面是更早的结果。',
    asOf: ['自检时间 ', (took) => `，耗时 ${took}。`] as AsOf,
    form: {
      button: '立即自检',
      underWay: '正在读取全部订单和分录……',
      hint: '需要读取整张表：十万订单约需数秒。不会修改任何数据。',
    },
    allWell: '一切正常，账目相符。',
    notWell: '账目不符。在处理任何款项之前，请先查看下面的订单；budan 不会自行改动这些数据。',
    advice: '如何处理',
    rowsTitle: '相关订单',
    rowsMax: (limit: number) => `只列出前 ${limit} 个。`,
    gone: '现在已经没有了，请重新自检。',
    checks: {
      paid_not_credited: {
        title: '已支付未入账',
        meaning: '订单显示已入账，但账目中该用户没有收到这笔钱。',
        advice: `用户付了款却没有到账。打开订单：若${gateway}确认已支付，说明入账凭证或分录因恢复数据或人工操作丢失，请从备份中恢复。`,
      },
      credited_not_paid: {
        title: '已记账，订单未入账',
        meaning: '为状态不是“已入账”、甚至不存在的订单记了账。',
        advice: `可能有用户未付款却有余额。请查清除 budan 外还有谁写过数据库，更正之前逐单向${gateway}查询。`,
      },
      credited_twice: {
        title: '重复入账',
        meaning: '同一订单或同一笔支付记账不止一次。',
        advice: '唯一索引被删除或已损坏：请检查索引（REINDEX），再更正多记的一笔。',
      },
      unbalanced: {
        title: '借贷不平',
        meaning: '某张入账凭证的分录不是恰好两条，或合计不为零，或与凭证金额不符。',
        advice: '有分录被绕过 budan 修改、丢失或新增。请将订单页上的账目与备份对比。',
      },
      mismatched: {
        title: '与订单不符',
        meaning: `记账内容与订单不一致：金额、币种、商户、${gateway}订单号或用户。`,
        advice: `请将订单页上的账目与订单信息、以及${gateway}的查询结果（立即查单）逐项对比。`,
      },
      unexplained: {
        title: '状态无据',
        meaning: '订单处于时间线中没有提到的状态。',
        advice: `订单或其时间线被绕过 budan 修改。请查询该订单：${gateway}的应答会被记录，并能说明它应有的状态。`,
      },
    } as Checks,
  }),
})

export type AuditWords = ReturnType<typeof auditWords>
