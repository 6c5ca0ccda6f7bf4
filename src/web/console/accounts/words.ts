import { gatewayCatalog } from '../frame/rendering.ts'

export const accountWords = gatewayCatalog({
  en: () => ({
    title: 'Accounts',
    accountOf: (user: string) => `Account of ${user}`,
    label: 'User id',
    hint: 'Exactly the user id of your product.',
    open: 'Open the account',
    faults: {
      empty: 'Give the id of a user.',
      tooLong: 'User ids have at most 64 characters.',
      unprintable:
        'This contains characters that cannot be printed: type it instead of pasting it.',
    },
    lead: 'Balance and statement of one user: what was credited, by which order and payment.',
    balance: 'Balance',
    statement: 'Statement',
    newest: 'Newest first. Each line is the credit of one order; it is never changed or removed.',
    caption: 'Statement, newest first',
    head: ['Order', 'Amount', 'Balance after', 'Booked', 'Transaction id'] as readonly string[],
    empty: 'This user has no credits.',
    never:
      'If that is unexpected, compare the id, and check the user’s orders: they may not be confirmed yet.',
    orders: 'Orders of this user',
  }),
  zh: (gateway) => ({
    title: '账户',
    accountOf: (user: string) => `${user} 的账户`,
    label: '用户 ID',
    hint: '与您的业务系统中的用户 ID 完全一致。',
    open: '打开账户',
    faults: {
      empty: '请填写用户 ID。',
      tooLong: '用户 ID 最多 64 个字符。',
      unprintable: '含有不可见字符，请手工输入，不要粘贴。',
    },
    lead: '查看一个用户的余额与流水：每一笔入账来自哪个订单、哪笔支付。',
    balance: '余额',
    statement: '流水',
    newest: '最新的在前。每行是一个订单的入账，记账后不会修改或删除。',
    caption: '流水，最新的在前',
    head: ['订单号', '金额', '入账后余额', '记账时间', `${gateway}订单号`] as readonly string[],
    empty: '该用户没有任何入账。',
    never: '如与预期不符：请核对用户 ID，并查看该用户的订单，可能尚待确认。',
    orders: '该用户的订单',
  }),
})
