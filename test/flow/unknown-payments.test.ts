import { describe, expect, test } from 'vitest'
import { useWorlds, type World } from '../support/world.ts'

const openWorld = useWorlds({ kind: 'postgres' })

const own = 'RECH20260124150000abcDEF0123'

/** Paid at the gateway, under a number that no order has here. */
function payUnknown({ control }: World, orderNo: string) {
  control.putOrder({ out_trade_no: orderNo, total: 700, notify_url: 'http://127.0.0.1:9/' })
  control.pay(orderNo, { callback: false })
}

function paymentOf({ control }: World, orderNo: string): string {
  return control.order(orderNo).payments[0]?.transaction_id ?? ''
}

/** A callback of another order's payment, which the gateway words as one of this number. */
async function callbackAs(opened: World, orderNo: string) {
  await opened.adopt('BASE-1', { amount: 700 })
  opened.control.pay('BASE-1', { callback: false })
  opened.control.answerAs('BASE-1', { out_trade_no: orderNo })
  return () => opened.callback('BASE-1')
}

async function briefly(opened: World) {
  const { items } = await opened.budan.listExceptions()
  return items.map(({ kind, orderNo, amountAtStake, closing }) =>
    [kind, orderNo, amountAtStake, closing?.by ?? 'open'].join(' '),
  )
}

describe.each(['pglite', 'postgres'] as const)('a payment without an order, on %s', (kind) => {
  test('opens one exception, however often its callback is refused and sent again', async () => {
    const opened = await openWorld({ kind })
    const callback = await callbackAs(opened, own)
    for (const _ of [1, 2]) {
      expect(await opened.budan.receiveCallback(await callback())).toMatchObject({ status: 404 })
    }
    const again = await callback()
    await Promise.all([1, 2, 3].map(() => opened.budan.receiveCallback(again)))
    expect(await briefly(opened)).toEqual([`unknown_payment ${own} 700 open`])
    expect(opened.events.filter(({ type }) => type === 'exception_opened')).toMatchObject([
      { kind: 'unknown_payment', orderNo: own, amountAtStake: 700n },
    ])
    const [exception] = (await opened.budan.listExceptions({ orderNo: own })).items
    expect(exception?.reason).toBe('paid under a number that no order has here')
  })

  test('heals once an order has the number and the payment', async () => {
    const opened = await openWorld({ kind })
    payUnknown(opened, own)
    const paid = paymentOf(opened, own)
    expect(await opened.budan.traceTransaction(paid)).toMatchObject({ order: null })
    expect(await briefly(opened)).toEqual([`unknown_payment ${own} 700 open`])
    await opened.budan.adoptOrder({ orderNo: own, userId: 'u1', amount: 700n })
    await opened.budan.checkOrder(own)
    expect((await opened.order(own)).status).toBe('paid')
    expect(await briefly(opened)).toEqual([`unknown_payment ${own} 700 budan`])
  })
})

describe.each(['pglite', 'postgres'] as const)(
  'a payment without an order that goes back, on %s',
  (kind) => {
    /** As notices of one number's refunds, each of its own. */
    async function refundAs(opened: World, orderNo: string, amount: number) {
      opened.control.refund('BASE-1', { amount })
      const merge = { out_trade_no: orderNo }
      return opened.refundNotice('BASE-1', { status: 'SUCCESS', merge })
    }

    test('within ten minutes is no exception then', async () => {
      const opened = await openWorld({ kind })
      const callback = await callbackAs(opened, 'SHOP-1234')
      await opened.budan.receiveCallback(await callback())
      const notice = await refundAs(opened, 'SHOP-1234', 700)
      for (const _ of [1, 2]) await opened.budan.receiveCallback(notice)
      await opened.advanceMins(11)
      for (const _ of [1, 2]) await opened.budan.receiveCallback(await callback())
      expect(await briefly(opened)).toEqual([])
      expect(opened.events.filter(({ type }) => type === 'exception_opened')).toEqual([])
    })

    test('in parts is one until all of it is back, whenever the parts were noticed', async () => {
      const opened = await openWorld({ kind })
      const callback = await callbackAs(opened, 'SHOP-1234')
      const first = await refundAs(opened, 'SHOP-1234', 350)
      for (const _ of [1, 2]) await opened.budan.receiveCallback(first)
      await opened.advanceMins(11)
      await opened.budan.receiveCallback(await callback())
      expect(await briefly(opened)).toEqual(['unknown_payment SHOP-1234 700 open'])
      await opened.budan.receiveCallback(await refundAs(opened, 'SHOP-1234', 350))
      expect(await briefly(opened)).toEqual(['unknown_payment SHOP-1234 700 budan'])
      await opened.budan.receiveCallback(await callback())
      expect(await briefly(opened)).toEqual(['unknown_payment SHOP-1234 700 budan'])
    })

    test('at the moment when it is seen is none that stays open', async () => {
      const opened = await openWorld({ kind })
      const callback = await callbackAs(opened, own)
      const [paid, notice] = [await callback(), await refundAs(opened, own, 700)]
      const all = [1, 2, 3].flatMap(() => [paid, notice])
      await Promise.all(all.map((callback) => opened.budan.receiveCallback(callback)))
      expect((await briefly(opened)).filter((each) => each.endsWith('open'))).toEqual([])
    })
  },
)

describe('a payment without an order', () => {
  test('heals as a part of the review, where it is not as ordered', async () => {
    const opened = await openWorld()
    payUnknown(opened, own)
    const paid = paymentOf(opened, own)
    await opened.budan.traceTransaction(paid)
    await opened.budan.adoptOrder({ orderNo: own, userId: 'u1', amount: 701n })
    await opened.budan.checkOrder(own)
    expect(await briefly(opened)).toEqual([
      `review ${own} 700 open`,
      `unknown_payment ${own} 700 budan`,
    ])
  })

  test('heals when the whole payment was refunded, and not before', async () => {
    const opened = await openWorld()
    const callback = await callbackAs(opened, own)
    await opened.budan.receiveCallback(await callback())
    opened.control.refund('BASE-1', { amount: 700 })
    const merge = { out_trade_no: own }
    for (const [status, expected] of [
      ['ABNORMAL', 'open'],
      ['SUCCESS', 'budan'],
    ] as const) {
      await opened.budan.receiveCallback(await opened.refundNotice('BASE-1', { status, merge }))
      expect(await briefly(opened)).toEqual([`unknown_payment ${own} 700 ${expected}`])
    }
  })

  test('of another system is one only where it should have been adopted: not at once, and not outside the prefixes', async () => {
    const opened = await openWorld()
    const callback = await callbackAs(opened, 'SHOP-1234')
    await opened.budan.receiveCallback(await callback())
    expect(await briefly(opened)).toEqual([])
    await opened.advanceMins(11)
    await opened.budan.receiveCallback(await callback())
    expect(await briefly(opened)).toEqual(['unknown_payment SHOP-1234 700 open'])

    const limited = await openWorld({ recharge: { adoptPrefixes: ['APP-'] } })
    for (const orderNo of ['SHOP-1234', 'APP-12345']) {
      payUnknown(limited, orderNo)
      const paid = paymentOf(limited, orderNo)
      await limited.advanceMins(11)
      await limited.budan.traceTransaction(paid)
    }
    expect(await briefly(limited)).toEqual(['unknown_payment APP-12345 700 open'])
  })

  test('that a trace shows is no exception where any number may be of another system', async () => {
    const opened = await openWorld()
    payUnknown(opened, 'SHOP-1234')
    const paid = paymentOf(opened, 'SHOP-1234')
    await opened.advanceMins(60)
    expect(await opened.budan.traceTransaction(paid)).toMatchObject({ order: null })
    expect(await briefly(opened)).toEqual([])
  })
})
