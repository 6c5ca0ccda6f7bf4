import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Gateway, PrepayOrder, RawCallback } from '../../src/gateway/gateway.ts'

/** A gateway and what happens on its other side. */
export interface GatewayWorld {
  readonly gateway: Gateway
  readonly now: () => Date
  /** Where a trade begins when its payer acts: the payer begins, and has not paid yet. */
  begin?(orderNo: string): void
  /** The payer pays; resolves with the notification that the gateway sends. */
  pay(orderNo: string): Promise<RawCallback>
  refund(orderNo: string): void
  /** Answers come, but not from the gateway: nothing shows who wrote them. */
  impersonate(orderNo: string): void
  /** No answer comes for this order. */
  silence(orderNo: string): void
  stop(): Promise<void>
}

/** What every gateway must do, whatever it is called and however it talks. */
export function gatewayContract(name: string, make: () => Promise<GatewayWorld>): void {
  describe(`${name} as a Gateway`, () => {
    let world: GatewayWorld
    let placed = 0
    beforeAll(async () => {
      world = await make()
    })
    afterAll(() => world.stop())

    function nextOrder(): PrepayOrder {
      placed += 1
      return {
        orderNo: `CONTRACT${String(placed).padStart(8, '0')}`,
        appid: world.gateway.appid,
        amount: 1234n,
        currency: 'CNY',
        description: 'a contract',
        attach: null,
        expiresAt: new Date(world.now().getTime() + 7_200_000),
      }
    }

    async function place(): Promise<string> {
      const order = nextOrder()
      expect(await world.gateway.prepay(order)).toMatchObject({ kind: 'placed' })
      return order.orderNo
    }

    /** Placed, and known to the gateway. */
    async function placeKnown(): Promise<string> {
      const orderNo = await place()
      world.begin?.(orderNo)
      return orderNo
    }

    test('prepay() gives a code to scan, and again for the same order', async () => {
      const order = nextOrder()
      for (const _ of ['once', 'again']) {
        const placed = await world.gateway.prepay(order)
        const payment = { kind: 'qr', codeUrl: expect.stringMatching(/^\w+:/) }
        expect(placed).toMatchObject({ kind: 'placed', payment })
      }
    })

    test('prepay() is refused for a number that has another amount', async () => {
      const order = nextOrder()
      await world.gateway.prepay(order)
      expect(await world.gateway.prepay({ ...order, amount: 1n })).toMatchObject({
        kind: 'refused',
      })
    })

    test('query() says absent of an order that was never placed', async () => {
      expect(await world.gateway.query(nextOrder().orderNo)).toMatchObject({ kind: 'absent' })
    })

    test('query() says of a placed order what its absence means, or that it is unpaid', async () => {
      const orderNo = await place()
      const answer = await world.gateway.query(orderNo)
      if (world.begin === undefined) {
        expect(answer).toMatchObject({ kind: 'trade', trade: { state: 'unpaid' } })
      } else {
        expect(answer).toMatchObject({ kind: 'absent', meaning: 'not_begun' })
        world.impersonate(orderNo)
        expect(await world.gateway.query(orderNo)).toMatchObject({ kind: 'unknown' })
      }
    })

    test('query() says unpaid, paid with everything that decides, and refunded', async () => {
      const orderNo = await placeKnown()
      const { gateway } = world
      const facts = { orderNo, mchid: gateway.mchid, appid: gateway.appid }
      expect(await gateway.query(orderNo)).toMatchObject({
        kind: 'trade',
        trade: { ...facts, state: 'unpaid', transactionId: null, paidAt: null },
      })
      await world.pay(orderNo)
      const paid = await gateway.query(orderNo)
      expect(paid).toMatchObject({
        kind: 'trade',
        trade: { ...facts, state: 'paid', amount: 1234n, currency: 'CNY' },
      })
      if (paid.kind !== 'trade') return
      expect(paid.trade.paidAt).toBeInstanceOf(Date)
      if (gateway.queryByTransactionId !== undefined) {
        const traced = await gateway.queryByTransactionId(`${paid.trade.transactionId}`)
        expect(traced).toMatchObject({ trade: paid.trade })
      }
      world.refund(orderNo)
      expect(await gateway.query(orderNo)).toMatchObject({ trade: { ...facts, state: 'refunded' } })
    })

    test('close() closes an unpaid order, and may be repeated', async () => {
      const orderNo = await placeKnown()
      expect(await world.gateway.close(orderNo)).toMatchObject({ kind: 'closed' })
      expect(await world.gateway.query(orderNo)).toMatchObject({ trade: { state: 'closed' } })
      expect((await world.gateway.close(orderNo)).kind).not.toBe('unknown')
    })

    test('close() is refused for a paid order, which stays paid', async () => {
      const orderNo = await placeKnown()
      await world.pay(orderNo)
      expect(await world.gateway.close(orderNo)).toMatchObject({ kind: 'refused' })
      expect(await world.gateway.query(orderNo)).toMatchObject({ trade: { state: 'paid' } })
    })

    test('openCallback() returns the trade that query() returns, and none once a byte was changed', async () => {
      const orderNo = await placeKnown()
      const callback = await world.pay(orderNo)
      const opened = await world.gateway.openCallback(callback)
      const queried = await world.gateway.query(orderNo)
      expect(queried.kind).toBe('trade')
      expect(opened).toMatchObject({
        kind: 'opened',
        answer: { trade: queried.kind === 'trade' ? queried.trade : null },
      })
      for (const at of [0, callback.body.length >> 1, callback.body.length - 1]) {
        const body = Uint8Array.from(callback.body)
        body[at] = (body[at] ?? 0) ^ 1
        const changed = await world.gateway.openCallback({ ...callback, body })
        expect(changed).toMatchObject({ kind: 'rejected' })
        if (changed.kind === 'rejected') expect(changed.status).toBeGreaterThanOrEqual(400)
      }
    })

    test('query() and close() know nothing from an answer that nobody signed', async () => {
      const orderNo = await placeKnown()
      world.impersonate(orderNo)
      expect(await world.gateway.query(orderNo)).toMatchObject({ kind: 'unknown' })
      expect(await world.gateway.close(orderNo)).toMatchObject({ kind: 'unknown' })
    })

    test('query() ends at its deadline, and with the signal of its caller', async () => {
      const orderNo = await placeKnown()
      world.silence(orderNo)
      expect(await world.gateway.query(orderNo)).toMatchObject({ cause: 'timeout' })
      const signal = AbortSignal.abort()
      expect(await world.gateway.query(orderNo, { signal })).toMatchObject({ cause: 'timeout' })
    })

    test('probe() is ok', async () => {
      expect(await world.gateway.probe()).toMatchObject({ kind: 'ok' })
    })
  })
}
