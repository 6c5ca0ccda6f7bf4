import type { ExceptionKind, ExceptionState } from '../../../domain/review/exception.ts'
import { catalog } from '../../../i18n/locale.ts'

/** What a person does about each kind. */
type ToDo = Readonly<Record<ExceptionKind, string>>

export const exceptionWords = catalog({
  en: {
    open: ({ count, sum }: { count: string; sum: string }) => `${count} · ${sum}`,
    total: ({ count, sum }: { count: string; sum: string }) =>
      count === '0' ? 'None is open.' : `${count} open, ${sum} at stake.`,
    about:
      'Everything where money and books differ, the newest first. Closing one says that somebody has looked after it; it credits nothing, and the same fact does not open it again.',
    shown: 'Which exceptions are shown',
    states: { open: 'Open', closed: 'Closed' } as Readonly<Record<ExceptionState, string>>,
    all: 'All',
    kind: 'Kind',
    show: 'Show',
    none: 'There is none.',
    see: 'Open',
    back: 'All exceptions',
    title: (id: string) => `Exception ${id}`,
    order: 'Order number',
    noOrder: 'no order has it',
    atStake: 'At stake',
    opened: 'Opened',
    why: 'What happened',
    transaction: 'Transaction id',
    refund: 'Refund number',
    what: 'What to do',
    todo: {
      review:
        'Open the review: it shows what the gateway says now, and what can be done. Resolving or dismissing it closes this.',
      duplicate_payment:
        'The order was credited once, and this payment is beside it. Look it up in the merchant console by the transaction id, and refund it there; when the whole of it has gone back, this closes by itself. Close it by hand if you have settled it with the payer otherwise.',
      refunded_after_credit:
        'The user has the credit, and the money went back, in whole or nobody knows how much: look it up in the merchant console. Take the credit back in your own system if it is not to stay; budan does not change it. Then close this.',
      partly_refunded:
        'A part of the payment went back, and the user still has the whole credit. Take that part back in your own system if it is not to stay; budan does not change it. Then close this.',
      unknown_payment:
        'Somebody paid under a number that no order has here. Find out which system placed it. If it belongs here, adopt the order: it is credited, and this closes by itself. Otherwise refund it in the merchant console, and close this.',
      not_in_bill:
        'The credit is not in the bill of the gateway. Look up the transaction id in the merchant console, and take back what was not paid.',
      amount_differs:
        'The bill and the order have different sums. Look up the transaction id in the merchant console, and settle the difference with the payer.',
      not_credited_by_shop:
        'It was paid, and your own system has not credited it. See there why, and credit it there.',
    } as ToDo,
    toReview: 'To the review',
    closedBy: 'Closed by',
    closedAt: 'Closed at',
    closedWhy: 'Why',
    itself: 'budan: it healed by itself',
    closing: 'Close it',
    nameHint: 'Recorded with it.',
    reasonHint: 'What was done about it, such as “refunded by hand, see ticket 42”.',
    close: 'Close',
    done: 'Done: it is closed.',
    tooLate: 'It was closed meanwhile; your input was not recorded.',
    useReview: 'It is closed with its review: resolve or dismiss that.',
    wrongForm: 'Nothing was done yet: correct the marked fields below.',
    typedKept: 'Nothing was done yet, as far as is known. Your input is restored.',
  },
  zh: {
    open: ({ count, sum }) => `${count} · ${sum}`,
    total: ({ count, sum }) =>
      count === '0' ? '没有未关闭的。' : `未关闭 ${count} 个，涉及 ${sum}。`,
    about:
      '资金与账目不一致之处都列在这里，最新的在前。关闭表示已有人处理：不会入账；同一件事不会再次列出。',
    shown: '显示范围',
    states: { open: '未关闭', closed: '已关闭' },
    all: '全部',
    kind: '类型',
    show: '显示',
    none: '没有。',
    see: '查看',
    back: '全部异常单',
    title: (id: string) => `异常单 ${id}`,
    order: '商户订单号',
    noOrder: '此处没有这个订单',
    atStake: '涉及金额',
    opened: '发现时间',
    why: '发生了什么',
    transaction: '支付渠道订单号',
    refund: '退款单号',
    what: '怎么办',
    todo: {
      review:
        '请打开待处理订单：那里显示支付渠道现在的查单结果和可选的操作。处理或办结后，本单随之关闭。',
      duplicate_payment:
        '订单只入账了一次，这是另外的一笔支付。请凭支付渠道订单号在商户平台查到它，并在那里退款；全额退回后本单自动关闭。如已用其他方式与付款人结清，请手动关闭。',
      refunded_after_credit:
        '用户已得到入账，而钱已全额退回，或退款金额不明：请到商户平台查明。如果不应保留入账，请在您自己的系统中扣回；budan 不会改动。之后请关闭本单。',
      partly_refunded:
        '已退回一部分，而用户仍有全部入账。如果不应保留，请在您自己的系统中扣回这一部分；budan 不会改动。之后请关闭本单。',
      unknown_payment:
        '有人用此处没有的单号付了款。请查明是哪个系统下的单。如果属于这里，请导入该订单：入账后本单自动关闭。否则请在商户平台退款，并关闭本单。',
      not_in_bill:
        '支付渠道的账单中没有这笔入账。请凭支付渠道订单号在商户平台查明，并扣回没有支付的部分。',
      amount_differs:
        '账单与订单的金额不同。请凭支付渠道订单号在商户平台查明，并与付款人结清差额。',
      not_credited_by_shop: '已支付，而您自己的系统没有入账。请在那里查明原因并入账。',
    },
    toReview: '去处理',
    closedBy: '关闭人',
    closedAt: '关闭时间',
    closedWhy: '理由',
    itself: 'budan：已自动恢复一致',
    closing: '关闭',
    nameHint: '会一并记录。',
    reasonHint: '做了什么处理，例如“已人工退款，见工单 42”。',
    close: '关闭',
    done: '已关闭。',
    tooLate: '在此期间已被关闭；您填写的内容没有记录。',
    useReview: '它随待处理订单一起关闭：请处理或办结那个订单。',
    wrongForm: '尚未执行：请改正下面标出的项。',
    typedKept: '据目前所知尚未执行。已恢复您填写的内容。',
  },
})
