import { describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import { presentOrder } from '../../src/web/api/shapes/present.ts'
import { freshStore } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

/** Report M4: a code lives for two hours, its order may live for longer. */

const world = useWorlds()
const request = {
  ...{ userId: 'u1', amount: 1234n, description: 'credit', attach: null },
  idempotencyKey: 'cart-1',
}

async function openLong(ttlMins: number): Promise<World> {
  return world({ recharge: { orderTtlMins: ttlMins } })
}

async function place({ budan }: World): Promise<Order> {
  const placement = await budan.placeOrder(request)
  if (placement.kind !== 'placed') throw new Error(`Not placed: ${placement.kind}`)
  return placement.order
}

describe('a code that stops working before its order', () => {
  it('is handed out again while it works, and renewed when it is about to stop', async () => {
    const opened = await openLong(1440)
    const first = await place(opened)
    await opened.advanceMins(100)
    expect((await place(opened)).codeUrl).toBe(first.codeUrl)
    await opened.advanceMins(11)
    const renewed = await place(opened)
    expect(renewed).toMatchObject({ orderNo: first.orderNo })
    expect(renewed.codeUrl).not.toBe(first.codeUrl)
    expect(opened.control.order(first.orderNo)).toMatchObject({ code_url: renewed.codeUrl })
  })

  it('is in no answer once it is dead', async () => {
    const opened = await openLong(1440)
    const order = await place(opened)
    expect(presentOrder(order, { now: opened.now() })).toMatchObject({ code_url: order.codeUrl })
    await opened.advanceMins(121)
    expect(presentOrder(await opened.order(order.orderNo), { now: opened.now() })).toMatchObject({
      ...{ code_url: null, code_expires_at: null, status: 'pending' },
    })
  })

  it('is in no answer either where a version before made it, which did not keep its end', async () => {
    const opened = await openLong(1440)
    const order = { ...(await place(opened)), createdAt: opened.now(), codeExpiresAt: null }
    expect(presentOrder(order, { now: opened.now() })).toMatchObject({ code_url: order.codeUrl })
    await opened.advanceMins(121)
    expect(presentOrder(order, { now: opened.now() })).toMatchObject({ code_url: null })
  })

  it('is handed out to its last minute while the gateway is silent, and no longer', async () => {
    const opened = await openLong(1440)
    const first = await place(opened)
    opened.control.addFault({
      ...{ operation: 'native', times: 2 },
      fault: { kind: 'error', status: 503 },
    })
    await opened.advanceMins(115)
    expect((await place(opened)).codeUrl).toBe(first.codeUrl)
    await opened.advanceMins(6)
    expect(await opened.budan.placeOrder(request)).toMatchObject({ kind: 'unanswered' })
    expect((await place(opened)).codeUrl).not.toBe(first.codeUrl)
  })

  it('is not renewed where it works for as long as its order', async () => {
    const opened = await openLong(120)
    const first = await place(opened)
    await opened.advanceMins(118)
    expect((await place(opened)).codeUrl).toBe(first.codeUrl)
    expect(opened.control.requests({ operation: 'native' })).toHaveLength(1)
  })

  it('is not handed out for an order that has ended, or is about to', async () => {
    const opened = await openLong(120)
    await place(opened)
    await opened.advanceMins(119.5)
    expect(await opened.budan.placeOrder(request)).toMatchObject({ kind: 'placed' })
    await opened.advanceMins(1)
    expect(await opened.budan.placeOrder(request)).toMatchObject({ kind: 'ended' })
  })
})

describe('a code that comes for an order that ended meanwhile', () => {
  it('is not returned, because no run would query a payment by it', async () => {
    const store = await freshStore('postgres')
    const opened = await world({ store })
    const setCodeUrl = store.setCodeUrl.bind(store)
    // An operator expires the order while the gateway is making its code.
    const racing = {
      ...store,
      setCodeUrl: async (...[orderNo, update]: Parameters<typeof setCodeUrl>) => {
        await store.transaction(async (tx) => {
          const locked = await tx.lockOrder(orderNo)
          if (locked === null) throw new Error('No order')
          await tx.changeStatus(locked.order, {
            status: 'expired',
            event: { ...update.event, kind: 'answered' },
          })
        })
        return setCodeUrl(orderNo, update)
      },
    }
    const { budan } = await world({ store: racing })
    expect(await budan.placeOrder(request)).toMatchObject({ kind: 'ended' })
    await opened.close()
  })
})
