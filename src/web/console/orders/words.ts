import type { OrderStatus, Source } from '../../../domain/order-states.ts'
import { gatewayCatalog } from '../frame/rendering.ts'

export const searchWords = gatewayCatalog({
  en: (gateway) => ({
    title: 'Orders',
    label: 'Order number, transaction id or user id',
    hint: 'The payer’s voucher shows both numbers: the transaction id (交易单号) and the order number (商户单号). Spaces are ignored.',
    search: 'Search',
    all: 'all',
    allOrders: 'All orders',
    byStatus: 'By status',
    faults: {
      tooLong: 'This is too long: numbers have at most 32 characters, user ids at most 64.',
      unprintable:
        'This contains characters that cannot be printed: type it instead of pasting it.',
      status: (given: string) => `There is no status “${given}”: choose one of these.`,
      transactionId: 'A transaction id is 8 to 32 digits or letters.',
    },
    caption: 'Orders, newest first',
    head: ['Order', 'Status', 'Amount', 'User', 'Created', 'Credited'] as readonly string[],
    empty: 'There are no orders here yet.',
    emptyStatus: 'There are no such orders.',
    ofUser: (user: string) => `Orders of user ${user}`,
    account: 'Account',
    several: 'There is more than one match: all are shown.',
    isNumber: 'The order with this number',
    areNumber: 'The orders with this number, each of another merchant',
    isTransaction: 'The order that this payment credited',
    nothing: (text: string) => `Nothing found for ${text}`,
    tried:
      'Searched as an order number, as the transaction id of a credited order, and as a user who has orders.',
    nextSteps: 'What to do next',
    compare: 'Compare it with the voucher, character by character: 0 and O, 1 and l.',
    trace: {
      lead: `If it is the transaction id of a payment that was not credited, only ${gateway} knows which order it belongs to.`,
      query: `Query ${gateway}`,
      notOurs: (orderNo: string) =>
        `This payment belongs to order ${orderNo} according to ${gateway}, and budan does not have that order. If it is yours, another system placed it: adopt it (POST /v1/orders with "adopt": true), then check it.`,
      absent: (mchid: string) =>
        `${gateway} has no such payment for merchant ${mchid}. Compare the number; the payment may be to another merchant, or not by ${gateway}.`,
      unanswered: (reason: string) =>
        `${gateway} gave no answer, so the result is unknown: ${reason}. Try again in a moment.`,
    },
    otherNumber: 'Or use the order number (商户单号), which is on the payer’s voucher as well.',
  }),
  zh: (gateway) => ({
    title: '订单',
    label: `交易单号（${gateway}订单号）、商户单号或用户 ID`,
    hint: '付款人的支付凭证上有交易单号和商户单号；商户单号就是这里的订单号。空格不影响。',
    search: '查找',
    all: '全部',
    allOrders: '全部订单',
    byStatus: '按状态',
    faults: {
      tooLong: '内容过长：单号最多 32 个字符，用户 ID 最多 64 个字符。',
      unprintable: '含有不可见字符，请手工输入，不要粘贴。',
      status: (given: string) => `没有“${given}”这个状态，请从下列状态中选择。`,
      transactionId: `交易单号（${gateway}订单号）由 8 到 32 位数字或字母组成。`,
    },
    caption: '订单，最新的在前',
    head: ['订单号', '状态', '金额', '用户', '创建时间', '入账时间'] as readonly string[],
    empty: '还没有订单。',
    emptyStatus: '没有符合条件的订单。',
    ofUser: (user: string) => `用户 ${user} 的订单`,
    account: '账户',
    several: '有不止一种匹配，全部列出。',
    isNumber: '订单号相符的订单',
    areNumber: '订单号相符的订单，分属不同商户',
    isTransaction: '由该笔支付入账的订单',
    nothing: (text: string) => `没有找到 ${text}`,
    tried: `已按订单号、已入账订单的交易单号（${gateway}订单号）、有订单的用户三种方式查找。`,
    nextSteps: '接下来可以',
    compare: '与支付凭证逐字核对：注意 0 与 O、1 与 l。',
    trace: {
      lead: `如果这是一笔尚未入账的支付的交易单号，只有${gateway}知道它属于哪个订单。`,
      query: `查询${gateway}`,
      notOurs: (orderNo: string) =>
        `${gateway}称这笔支付属于订单 ${orderNo}，但本系统没有该订单。若确属本商户，说明是由其他系统下单的：请先导入（POST /v1/orders，"adopt": true），再查询。`,
      absent: (mchid: string) =>
        `${gateway}称商户 ${mchid} 没有这笔支付。请核对单号；也可能是付给其他商户的，或不是${gateway}的款项。`,
      unanswered: (reason: string) =>
        `${gateway}没有应答，目前无法得知结果：${reason}。请稍后再试。`,
    },
    otherNumber: '或请付款人提供商户单号，支付凭证上也有。',
  }),
})

export const orderWords = gatewayCatalog({
  en: (gateway) => ({
    title: (orderNo: string) => `Order ${orderNo}`,
    order: 'Order',
    answer: 'Result',
    checkForm: { button: 'Check now', underWay: `Querying ${gateway} …` },
    checkHints: {
      pending: `Queries ${gateway} now, and credits the order if it was paid as ordered.`,
      expired: `Queries ${gateway} now, and credits the order if it was paid after all.`,
      review: `Queries ${gateway} now, and records the answer. Only an operator ends a review.`,
      paid: `Queries ${gateway} now, and records the answer. Nothing is credited twice.`,
    } as Readonly<Record<OrderStatus, string>>,
    toReview: 'Go to its review',
    toAccount: 'Account of the user',
    ordersOfUser: 'All orders of the user',
    facts: {
      title: 'Facts',
      amount: 'Amount',
      user: 'User',
      description: 'Description',
      attach: 'Attached',
      created: 'Created',
      adopted: 'Adopted; created',
      expires: 'Can be paid until',
      endUnknown: 'not known',
      transaction: 'Transaction id (交易单号)',
      paid: 'Paid',
      credited: 'Credited',
      dismissed: 'Dismissed',
      merchant: 'Merchant',
    },
    ledger: {
      title: 'Ledger',
      none: 'The ledger has no entries for this order.',
      lost: 'The order is paid, but its transfer is missing: the ledger is damaged. See the audit.',
      caption: 'Ledger entries of this order',
      head: ['Account', 'Amount', 'Booked', 'Entry'] as readonly string[],
      transfer: (transactionId: string) => `Transfer for transaction ${transactionId}`,
    },
    timeline: {
      title: 'Timeline',
      newest: 'Newest first',
      oldest: 'Oldest first',
      direction: 'Direction of the timeline',
      evidence: 'Evidence',
      alarm: 'needs attention',
      run: (id: string) => `run ${id}`,
      node: (node: string) => `node ${node}`,
      operator: (name: string) => `operator ${name}`,
      actor: (name: string, address: string | null) =>
        address === null ? `by ${name}, on this machine` : `by ${name} from ${address}`,
      event: (id: string) => `event ${id}`,
      said: `${gateway} answered`,
      booked: (amount: string, { from, to }: { from: string; to: string }) =>
        `Booked ${amount} from ${from} to ${to}.`,
      empty: 'There are no events.',
    },
    raw: {
      title: 'Raw data',
      show: 'Order and events as JSON',
      part: 'Only the events of this page; the file has all.',
      open: 'Open as a file',
      download: 'Download',
    },
    verdict: {
      by: {
        callback: 'by the payment callback',
        check: 'by a check by hand',
        compensation: 'by the compensation job',
        operator: 'by an operator',
      } as Readonly<Record<Source, string>>,
      byOperator: (name: string) => `by operator ${name}`,
      credited: ({ amount, user, at, by, delay }: CreditedWords) =>
        `Credited ${amount} to user ${user} at ${at}${delay === null ? '' : `, ${delay} after the payment`}, ${by}.`,
      since: (at: string, reason: string) => `Since then, at ${at}: ${reason}.`,
      said: ({ state, at, reason }: SaidWords) =>
        `${gateway} answered ${state} at ${at}: ${reason}.`,
      silent: (at: string, reason: string) =>
        `${gateway} gave no payment result at ${at}: ${reason}.`,
      absent: (at: string) => `${gateway} answered at ${at} that it has no order with this number.`,
      searchPayment:
        'If the payer has a voucher, search for its transaction id: the payment may belong to another order.',
      notKnown: 'Whether it was paid is not known yet.',
      unasked: `No callback has arrived, and ${gateway} has not been queried yet: whether the order was paid is not known.`,
      notAccepted: (at: string, reason: string) =>
        `${gateway} did not accept the order at ${at}: ${reason}. There is no code to scan.`,
      first: (at: string) => `The compensation job queries it at about ${at}.`,
      next: (at: string) => `It is queried again at about ${at}.`,
      nextRun: 'The next run queries it.',
      byHand: 'Runs are started by hand here: the next one queries it.',
      underOneSecond: 'less than a second',
      checkNow: 'If the payer has a voucher, check now.',
      checkByOthers:
        'If the payer has a voucher, let somebody check the order whose token has that right.',
      foreign: (theirs: string, ours: string) =>
        `It belongs to ${theirs}, and this budan queries for ${ours}: only a budan with that configuration can query it.`,
      review: (at: string | null, reason: string) =>
        `In review${at === null ? '' : ` since ${at}`}: ${reason}. It is credited only if an operator decides so.`,
      ordered: (amount: string) => `Ordered: ${amount}.`,
      dismissed: ({ at, operator, reason }: DismissedWords) =>
        `${operator === null ? 'An operator' : `Operator ${operator}`} dismissed it at ${at}${reason === null ? '' : `: ${reason}`}.`,
      expired: (at: string | null, reason: string | null) =>
        `Expired${at === null ? '' : ` at ${at}`}${reason === null ? '' : `: ${reason}`}. Nothing was credited.`,
      late: 'If the payer has a voucher, check now: a late payment is still credited.',
    },
    checked: {
      title: `${gateway} was queried just now`,
      said: 'Answer',
      nothing: 'no payment result',
      decision: 'Decision',
      reason: 'Reason',
      status: 'Status of the order',
      unanswered:
        'There was no answer that could be verified, so whether the order was paid is not known, and nothing was changed. Try again.',
      jobContinues: 'The compensation job continues to query it.',
      toOverview: 'If that fails too, the overview shows why.',
      absent: 'no order with this number',
      absentIs:
        'This does not show that nobody paid: such an answer is not signed, and a wrong merchant number gets it too. One such answer ends no order; it is queried again. If the payer has a voucher, search for its transaction id: the payment may belong to another order.',
    },
    traced: {
      found: (transactionId: string, state: string) =>
        `Payment ${transactionId} belongs to this order according to ${gateway} (${state}). The query changed nothing.`,
      next: {
        pending: '“Check now” settles it.',
        expired: '“Check now” settles it.',
        review: 'The order is in review: an operator decides there.',
        paid: 'It is credited already.',
      } as Readonly<Record<OrderStatus, string>>,
      another: 'The order was already credited by another payment: this is a second payment.',
    },
  }),
  zh: (gateway) => ({
    title: (orderNo: string) => `订单 ${orderNo}`,
    order: '订单',
    answer: '处理结果',
    checkForm: { button: '立即查单', underWay: `正在查询${gateway}……` },
    checkHints: {
      pending: `现在就向${gateway}查询；若已按订单支付，立即入账。`,
      expired: `现在就向${gateway}查询；若后来已支付，立即入账。`,
      review: `现在就向${gateway}查询，并记录结果。待处理的订单只能由人工决定。`,
      paid: `现在就向${gateway}查询，并记录结果。不会重复入账。`,
    } as Readonly<Record<OrderStatus, string>>,
    toReview: '去人工处理',
    toAccount: '用户账户',
    ordersOfUser: '该用户的全部订单',
    facts: {
      title: '订单信息',
      amount: '金额',
      user: '用户',
      description: '商品描述',
      attach: '附加数据',
      created: '创建时间',
      adopted: '导入的订单，创建于',
      expires: '支付截止',
      endUnknown: '未知',
      transaction: `${gateway}订单号`,
      paid: '支付时间',
      credited: '入账时间',
      dismissed: '办结时间（无需入账）',
      merchant: '商户',
    },
    ledger: {
      title: '账目',
      none: '该订单没有任何入账记录。',
      lost: '订单已入账，但找不到对应的入账凭证：账目受损，请查看账目自检。',
      caption: '该订单的账目',
      head: ['账户', '金额', '记账时间', '分录号'] as readonly string[],
      transfer: (transactionId: string) => `${gateway}订单号 ${transactionId} 的入账凭证`,
    },
    timeline: {
      title: '时间线',
      newest: '最新在前',
      oldest: '最早在前',
      direction: '记录的顺序',
      evidence: '原始证据',
      alarm: '需要关注',
      run: (id: string) => `第 ${id} 次运行`,
      node: (node: string) => `节点 ${node}`,
      operator: (name: string) => `操作员 ${name}`,
      actor: (name: string, address: string | null) =>
        `由 ${name} 发起（${address ?? '本机命令行'}）`,
      event: (id: string) => `事件 ${id}`,
      said: `${gateway}返回`,
      booked: (amount: string, { from, to }: { from: string; to: string }) =>
        `记账 ${amount}：从 ${from} 到 ${to}。`,
      empty: '没有记录。',
    },
    raw: {
      title: '原始数据',
      show: '订单与时间线（JSON）',
      part: '这里只有本页的记录，完整记录见文件。',
      open: '以文件打开',
      download: '下载',
    },
    verdict: {
      by: {
        callback: '由支付回调',
        check: '由手工查单',
        compensation: '由补单任务',
        operator: '由人工处理',
      } as Readonly<Record<Source, string>>,
      byOperator: (name: string) => `由操作员 ${name}`,
      credited: ({ amount, user, at, by, delay }: CreditedWords) =>
        `已于 ${at} 为用户 ${user} 入账 ${amount}（${by}${delay === null ? '' : `，支付后 ${delay}`}）。`,
      since: (at: string, reason: string) => `此后，${at}：${reason}。`,
      said: ({ state, at, reason }: SaidWords) => `${gateway}于 ${at} 返回 ${state}：${reason}。`,
      silent: (at: string, reason: string) => `${gateway}于 ${at} 没有给出支付结果：${reason}。`,
      absent: (at: string) => `${gateway}于 ${at} 称查无此单。`,
      searchPayment: `如果付款人有支付凭证，请用其中的交易单号（${gateway}订单号）查找：这笔付款可能属于另一个订单。`,
      notKnown: '目前不知道是否已支付。',
      unasked: `没有收到支付回调，也还没有向${gateway}查询过，目前不知道是否已支付。`,
      notAccepted: (at: string, reason: string) =>
        `${gateway}于 ${at} 没有接受下单：${reason}。没有生成支付二维码。`,
      first: (at: string) => `补单任务约在 ${at} 查询。`,
      next: (at: string) => `约在 ${at} 再次查询。`,
      nextRun: '下次运行时查询。',
      byHand: '这里的补单只手动运行：下次运行时查询。',
      underOneSecond: '不到 1 秒',
      checkNow: '如果付款人有支付凭证，请立即查单。',
      checkByOthers: '如果付款人有支付凭证，请让有查单权限的同事立即查单。',
      foreign: (theirs: string, ours: string) =>
        `该订单属于 ${theirs}，而本 budan 只查询 ${ours}：只有按那个商户配置的 budan 才能查询它。`,
      review: (at: string | null, reason: string) =>
        `${at === null ? '' : `自 ${at} 起`}待人工处理：${reason}。须经人工决定才会入账。`,
      ordered: (amount: string) => `订单金额：${amount}。`,
      dismissed: ({ at, operator, reason }: DismissedWords) =>
        `操作员${operator === null ? '' : ` ${operator} `}已于 ${at} 将其办结（无需入账）${reason === null ? '' : `：${reason}`}。`,
      expired: (at: string | null, reason: string | null) =>
        `${at === null ? '已' : `已于 ${at} `}关单${reason === null ? '' : `：${reason}`}。没有入账。`,
      late: '如果付款人仍有支付凭证，请立即查单：迟到的支付照样入账。',
    },
    checked: {
      title: `刚刚查询了${gateway}`,
      said: `${gateway}返回`,
      nothing: '没有支付结果',
      decision: '处理决定',
      reason: '原因',
      status: '订单现在',
      unanswered: '没有得到可信的应答，因此仍不知道是否已支付，也没有做任何改动。请重试。',
      jobContinues: '补单任务会继续查询。',
      toOverview: '如果仍然失败，请到总览查看原因。',
      absent: '查无此单',
      absentIs: `这不说明没有人付款：这种应答没有签名，商户号有误时也会得到它。仅凭一次这样的应答不会结束订单，之后会再次查询。如果付款人有支付凭证，请用其中的交易单号（${gateway}订单号）查找：这笔付款可能属于另一个订单。`,
    },
    traced: {
      found: (transactionId: string, state: string) =>
        `${gateway}称支付 ${transactionId} 属于本订单（${state}）。仅查询归属，没有做任何改动。`,
      next: {
        pending: '请点“立即查单”来处理。',
        expired: '请点“立即查单”来处理。',
        review: '订单待人工处理，请到待处理中决定。',
        paid: '这笔支付已经入账。',
      } as Readonly<Record<OrderStatus, string>>,
      another: '订单已由另一笔支付入账：这一笔是重复付款。',
    },
  }),
})

interface CreditedWords {
  readonly amount: string
  readonly user: string
  readonly at: string
  readonly by: string
  /** Null: not known. */
  readonly delay: string | null
}

interface DismissedWords {
  readonly at: string
  /** Null: not known any more. */
  readonly operator: string | null
  readonly reason: string | null
}

interface SaidWords {
  readonly state: string
  readonly at: string
  readonly reason: string
}
