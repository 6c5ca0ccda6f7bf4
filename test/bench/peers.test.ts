import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Closing } from '../../bench/closing.ts'
import { type InstantGateway, startInstantGateway } from '../../bench/gateway/start.ts'
import { paidOrders } from '../../bench/orders.ts'
import { openSharedProgram, type SharedProgram } from '../../bench/peers/shared-program.ts'
import { Watch } from '../../bench/peers/system.ts'

const closing = new Closing()
let gateway: InstantGateway

beforeAll(async () => {
  gateway = closing.add(await startInstantGateway(), ({ stop }) => stop())
})

afterAll(() => closing.close())

const orderNos = paidOrders({ first: 0, count: 3 }).map(({ orderNo }) => orderNo)
const [paid = '', unpaid = '', torn = ''] = orderNos

describe('openSharedProgram(), which all peers of the bench share', () => {
  it('credits a paid order once, however often it is queried, and leaves an unpaid one', async () => {
    const shared = await openedProgram()
    await gateway.sign(paidOrders({ first: 0, count: 1 }))
    await gateway.sign(paidOrders({ first: 1, count: 1 }), { tradeState: 'NOTPAY', beside: true })
    const ends = await Promise.all([paid, paid, unpaid].map((orderNo) => shared.check(orderNo)))
    expect(ends.toSorted()).toEqual(['closed', 'credited', 'open'])
    expect(await shared.countCredited(rangeOf(2))).toBe(1)
  })

  it('credits nothing for an answer that is no trade', async () => {
    const shared = await openedProgram()
    await gateway.sign([])
    await expect(shared.check(paid)).rejects.toThrow('404')
    expect(await shared.countCredited(rangeOf(3))).toBe(0)
  })

  it('throws instead of counting an order that is paid without its transfer', async () => {
    const shared = await openedProgram()
    await shared.pool.query(`update orders set status = 'paid' where order_no = $1`, [torn])
    await expect(shared.countCredited(rangeOf(3))).rejects.toThrow(
      '1 orders are not credited exactly once',
    )
  })
})

describe('Watch', () => {
  it('resolves with the last credit, and rejects when the system fails', async () => {
    const watch = new Watch()
    const credited = watch.credits(1)
    watch.answered(unpaid, { credited: false })
    watch.answered(paid, { credited: true })
    await credited
    expect([...watch.queried]).toEqual([unpaid, paid])
    const more = watch.credits(1)
    watch.failed(new Error('the queue is gone'))
    await expect(more).rejects.toThrow('the queue is gone')
  })
})

async function openedProgram(): Promise<SharedProgram> {
  const options = { gateway, concurrency: 2, batchSize: 2, watch: new Watch() }
  const shared = closing.add(await openSharedProgram(options), ({ close }) => close())
  await shared.place(rangeOf(3))
  return shared
}

function rangeOf(count: number) {
  return { ...gateway.merchant, first: 0, count }
}
