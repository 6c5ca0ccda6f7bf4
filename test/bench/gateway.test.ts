import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Closing } from '../../bench/closing.ts'
import { type InstantGateway, startInstantGateway } from '../../bench/gateway/start.ts'
import { paidOrders } from '../../bench/orders.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { configOf } from '../support/world.ts'

const closing = new Closing()
let gateway: InstantGateway

beforeAll(async () => {
  gateway = closing.add(await startInstantGateway(), (started) => started.stop())
})

afterAll(() => closing.close())

describe('startInstantGateway()', () => {
  it('sends answers that the client verifies, for the orders that were signed', async () => {
    const [known] = paidOrders({ first: 7, count: 1 })
    await gateway.sign(known ? [known] : [])
    const [wechat] = configOf(gateway, { merchant: gateway.merchant }).merchants
    if (wechat === undefined || known === undefined) throw new Error('There is no order to query')
    const client = createWechatGateway(wechat, { emit: () => {} })
    const answer = await client.query(known.orderNo)
    const absent = await client.query('RECH20260124120000nobody0000')
    await client.stop()
    const trade = { state: 'paid', orderNo: known.orderNo, transactionId: known.transactionId }
    expect(answer).toMatchObject({ kind: 'trade', trade })
    expect(absent.kind).toBe('absent')
  })
})
