import { keyOf } from './order-key.ts'
import type { World } from './world.ts'

/** The amount of every order below: its digits occur nowhere else. A differing payment is one fen less. */
export const amount = 1_234_567
/** Either amount without its decimal point: a number of fen that a person would read as yuan. */
export const bareFen = /(?<![\d.])12345(67|66)(?!\d)/

/** Orders for which it is not known whether they were paid. */
export const notKnown = ['NEW', 'ABSENT', 'SILENT', 'UNLISTED', 'OTHERS'] as const

const others = [
  'NOTPAY',
  'UNDERWAY',
  'PAID',
  'PAID-TWICE',
  'PAID-REFUND',
  'CLOSED',
  'CLOSED-SETTLED',
  'SHORT',
  'REFUND',
  'DISMISSED',
  'FORMER',
] as const

export type Name = (typeof notKnown)[number] | (typeof others)[number]

export const names: readonly Name[] = [...notKnown, ...others]

export const orderNoOf = (name: Name) => `ORDER-${name}`

/** Adds one order in each state, and one for each answer of the gateway. */
export async function fillEachState(world: World): Promise<void> {
  const { budan, control } = world
  for (const name of names.filter((each) => each !== 'ABSENT')) {
    await world.adopt(orderNoOf(name), { amount, userId: 'u1' })
  }
  await budan.adoptOrder({
    ...{ orderNo: orderNoOf('ABSENT'), userId: 'u1', amount: BigInt(amount) },
    ...{ description: '', createdAt: world.now(), expiresAt: null },
  })
  const answerAs = (name: Name, patch: object) =>
    void control.answerAs(orderNoOf(name), patch as never)
  const pay = (name: Name, patch: object = {}) =>
    void control.pay(orderNoOf(name), { callback: false, ...patch })
  const check = async (...wanted: readonly Name[]) => {
    for (const name of wanted) await budan.checkOrder(orderNoOf(name))
  }

  control.addFault({
    ...{ operation: 'query', out_trade_no: orderNoOf('SILENT') },
    fault: { kind: 'error', status: 503, body: 'html' },
  })
  answerAs('UNLISTED', { trade_state: 'SETTLED' })
  answerAs('OTHERS', { trade_state: 'CLOSED', appid: 'wx0000000000000009' })
  answerAs('UNDERWAY', { trade_state: 'USERPAYING' })
  for (const name of ['CLOSED', 'CLOSED-SETTLED'] as const) control.close(orderNoOf(name))
  const short = { answered: { amount: { total: amount - 1 } } }
  for (const name of ['SHORT', 'DISMISSED', 'FORMER'] as const) pay(name, short)
  for (const name of ['PAID', 'PAID-TWICE', 'PAID-REFUND', 'REFUND'] as const) pay(name)
  control.refund(orderNoOf('REFUND'))
  await check(...names.filter((name) => name !== 'NEW' && name !== 'FORMER'))
  await check('ABSENT')

  control.refund(orderNoOf('PAID-REFUND'))
  answerAs('PAID-TWICE', { transaction_id: '4200000009', amount: { total: amount - 1 } })
  answerAs('CLOSED-SETTLED', { trade_state: 'SETTLED' })
  await check('PAID-TWICE', 'PAID-REFUND', 'CLOSED-SETTLED')
  await dismiss(world)
  await writeAsFormerly(world)
}

async function dismiss({ budan }: World): Promise<void> {
  const orderNo = orderNoOf('DISMISSED')
  const made = await budan.previewReview(orderNo)
  if (made?.kind !== 'previewed') throw new Error('No preview')
  const words = { name: 'Li', reason: 'refunded in the merchant console' }
  await budan.resolveReview(orderNo, { action: 'dismiss', ...words, seen: made.preview.seen })
}

/** Adds events as an earlier version wrote them. */
async function writeAsFormerly({ store }: World): Promise<void> {
  for (const reason of [
    `paid, but not as ordered: amount ${amount - 1}, ordered ${amount}`,
    'it was paid, and the money is on its way back',
  ]) {
    await store.appendEvent(keyOf(orderNoOf('FORMER')), {
      ...{ kind: 'answered', source: 'check', reason },
      ...{ tradeState: null, decision: 'wait', alarm: true },
      ...{ evidence: null, runId: null, node: 'former' },
    })
  }
}
