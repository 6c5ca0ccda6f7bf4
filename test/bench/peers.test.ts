import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Closing } from '../../bench/closing.ts'
import { type InstantGateway, startInstantGateway } from '../../bench/gateway/start.ts'
import { paidOrders } from '../../bench/orders.ts'
import { openShop, type Shop } from '../../bench/peers/shop.ts'
import { Watch } from '../../bench/peers/system.ts'

const closing = new Closing()
let gateway: InstantGateway

beforeAll(async () => {
  gateway = closing.add(await startInstantGateway(), ({ stop }) => stop())
})

afterAll(() => closing.close())

const orderNos = paidOrders({ first: 0, count: 3 }).map(({ orderNo }) => orderNo)
const [paid = '', unpaid = '', torn = ''] = orderNos

describe('openShop(), which all peers of the bench share', () => {
  it('credits a paid order once, however often it is asked about, and leaves an unpaid one', async () => {
    const shop = await openedShop()
    await gateway.sign(paidOrders({ first: 0, count: 1 }))
    await gateway.sign(paidOrders({ first: 1, count: 1 }), { tradeState: 'NOTPAY', beside: true })
    const ends = await Promise.all([paid, paid, unpaid].map((orderNo) => shop.check(orderNo)))
    expect(ends.toSorted()).toEqual(['closed', 'credited', 'open'])
    expect(await shop.countCredited(rangeOf(2))).toBe(1)
  })

  it('credits nothing for an answer that is no trade', async () => {
    const shop = await openedShop()
    await gateway.sign([])
    await expect(shop.check(paid)).rejects.toThrow('404')
    expect(await shop.countCredited(rangeOf(3))).toBe(0)
  })

  it('does not count what is paid without its transfer, and says so', async () => {
    const shop = await openedShop()
    await shop.pool.query(`update orders set status = 'paid' where order_no = $1`, [torn])
    await expect(shop.countCredited(rangeOf(3))).rejects.toThrow(
      '1 orders are not credited exactly once',
    )
  })
})

describe('Watch', () => {
  it('resolves with the last credit, and tells a failure to whoever waits', async () => {
    const watch = new Watch()
    const credited = watch.credits(1)
    watch.heard(unpaid, { credited: false })
    watch.heard(paid, { credited: true })
    await credited
    expect([...watch.asked]).toEqual([unpaid, paid])
    const more = watch.credits(1)
    watch.failed(new Error('the queue is gone'))
    await expect(more).rejects.toThrow('the queue is gone')
  })
})

async function openedShop(): Promise<Shop> {
  const options = { gateway, concurrency: 2, batchSize: 2, watch: new Watch() }
  const shop = closing.add(await openShop(options), ({ close }) => close())
  await shop.place(rangeOf(3))
  return shop
}

function rangeOf(count: number) {
  return { ...gateway.merchant, first: 0, count }
}
