import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Resolution } from '../../src/orders/review.ts'
import { type Budan, openService } from '../../src/service.ts'
import { UnknownOutcomeError } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { type CrashPoint, crashingStore, crashPoints } from '../support/breakable-store.ts'
import { openWorld, type World } from '../support/world.ts'
import { allZero, type Desk, openDesk, words } from './desk.ts'

/** Operators, callbacks and crashes at once, on PostgreSQL, where transactions really run side by side. */

let world: World
const services: Budan[] = []
beforeAll(async () => {
  world = await openWorld({ kind: 'postgres' })
})
afterAll(async () => {
  for (const budan of services) await budan.close()
  expect(await world.store.audit()).toSatisfy(allZero)
  await world.close()
})

/** Another node, whose database is not quite the same. */
async function nodeOn(store: Store): Promise<Budan> {
  const shared = { ...store, close: async () => {} }
  const budan = await openService(world.config, { store: shared, clock: world.now })
  services.push(budan)
  return budan
}

async function credits({ orderNo }: Desk): Promise<number> {
  const page = await world.store.listEntries(orderNo, { limit: 9, cursor: null })
  return page.items.length
}

describe('several operators on one review', () => {
  it('one gets the result, and all others see who did it', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const { seen } = await desk.preview()
    const names = ['Li', 'Wang', 'Zhang', 'Liu', 'Chen', 'Yang']
    const ends = await Promise.all(names.map((name) => desk.resolve('credit', { seen, name })))
    const done = ends.filter((end) => end.kind === 'resolved')
    expect(done).toHaveLength(1)
    const winner = done[0]?.kind === 'resolved' ? done[0].event.operator : null
    for (const end of ends) {
      if (end.kind === 'resolved') continue
      expect(end).toMatchObject({
        kind: 'not_in_review',
        message: expect.stringMatching(`"${winner}" credited it at 2026-01-24T`),
      })
    }
    expect(await credits(desk)).toBe(1)
    expect(await desk.balance()).toBe(100n)
  })

  it('of different actions one is carried out', async () => {
    for (let round = 0; round < 5; round += 1) {
      const desk = await openDesk(world)
      desk.pay()
      const { seen } = await desk.preview()
      const ends = await Promise.all([
        desk.resolve('dismiss', { seen, name: 'Wang' }),
        desk.resolve('credit', { seen }),
        desk.resolve('dismiss', { seen, name: 'Zhang' }),
      ])
      expect(ends.filter((end) => end.kind === 'resolved')).toHaveLength(1)
      const messages = ends.flatMap((end) => ('message' in end ? [end.message] : []))
      expect(messages).toHaveLength(2)
      for (const message of messages) expect(message).toMatch(/"\w+" (dismissed|credited) it at /)
      const { status } = await desk.order()
      expect(await credits(desk)).toBe(status === 'paid' ? 1 : 0)
    }
  })

  it('the second sees a refusal too, and an answer that came', async () => {
    const desk = await openDesk(world)
    const { seen } = await desk.preview()
    expect(await desk.resolve('credit', { seen })).toMatchObject({ kind: 'refused' })
    expect(await desk.resolve('dismiss', { seen, name: 'Wang' })).toMatchObject({
      kind: 'changed',
      message: expect.stringMatching(/"Li" requested it at .* \(refused to credit: .*NOTPAY\)/),
    })
    const { seen: later } = await desk.preview()
    await world.budan.checkOrder(desk.orderNo)
    expect(await desk.resolve('dismiss', { seen: later })).toMatchObject({
      kind: 'changed',
      message: expect.stringContaining('an answer came by check at 2026-01-24T'),
    })
  })
})

describe('an operator and the answers that come meanwhile', () => {
  it('credit once, whichever comes first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const desk = await openDesk(world)
      desk.pay()
      const callback = await world.callback(desk.orderNo)
      const { seen } = await desk.preview()
      const [end] = await Promise.all([
        desk.resolve('credit', { seen }),
        world.budan.receiveCallback(callback),
        world.budan.checkOrder(desk.orderNo),
        world.budan.receiveCallback(callback),
      ])
      if (end.kind !== 'resolved') {
        expect(end.kind).toBe('changed')
        expect(await desk.order()).toMatchObject({ status: 'review' })
        expect(await desk.resolve('credit')).toMatchObject({ kind: 'resolved' })
      }
      expect(await credits(desk)).toBe(1)
    }
  })

  it('never credit two orders by one payment', async () => {
    const [one, other] = [await openDesk(world), await openDesk(world)]
    one.pay()
    other.pay()
    for (const desk of [one, other]) desk.answerAs({ transaction_id: `SAME-${one.orderNo}` })
    const seen = await Promise.all([one.preview(), other.preview()])
    await Promise.allSettled([
      one.resolve('credit', { seen: seen[0].seen }),
      other.resolve('credit', { seen: seen[1].seen }),
    ])
    expect((await credits(one)) + (await credits(other))).toBe(1)
    const loser = (await credits(one)) === 0 ? one : other
    expect(await loser.resolve('credit')).toMatchObject({ kind: 'refused', cause: 'different' })
  })
})

describe('a node that dies while an operator has an order resolved', () => {
  const retry = async (desk: Desk, seen: string): Promise<Resolution> =>
    desk.resolve('credit', { seen })

  it.each(crashPoints)('%s: the order is credited once, by this try or the next', async (point) => {
    const desk = await openDesk(world)
    desk.pay()
    const { seen } = await desk.preview()
    const dying = await nodeOn(crashingStore(world.store, point satisfies CrashPoint))
    const request = { action: 'credit', ...words, seen } as const
    await expect(dying.resolveReview(desk.orderNo, request)).rejects.toThrow('crashed')
    const committed = point === 'after the commit'
    expect(await credits(desk)).toBe(committed ? 1 : 0)
    expect(await retry(desk, seen)).toMatchObject(
      committed
        ? { kind: 'not_in_review', message: expect.stringContaining('"Li" credited it') }
        : { kind: 'resolved' },
    )
    expect(await credits(desk)).toBe(1)
  })

  it('between the close and the decision: nothing is lost, the next try expires it', async () => {
    const desk = await openDesk(world)
    const { seen } = await desk.preview()
    let transactions = 0
    const dying = await nodeOn({
      ...world.store,
      transaction: async (work) => {
        transactions += 1
        if (transactions === 2) throw new Error('crashed after the close')
        return world.store.transaction(work)
      },
    })
    const request = { action: 'expire', ...words, seen } as const
    await expect(dying.resolveReview(desk.orderNo, request)).rejects.toThrow('crashed')
    expect(world.control.order(desk.orderNo).trade_state).toBe('CLOSED')
    expect(await desk.order()).toMatchObject({ status: 'review' })
    expect(await desk.resolve('expire', { seen })).toMatchObject({ kind: 'resolved' })
  })

  it('with the answer to COMMIT lost: repeating the request shows that it was done', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const { seen } = await desk.preview()
    const forgetful = await nodeOn({
      ...world.store,
      transaction: async (work) => {
        await world.store.transaction(work)
        throw new UnknownOutcomeError('the answer to COMMIT was lost')
      },
    })
    const request = { action: 'credit', ...words, seen } as const
    await expect(forgetful.resolveReview(desk.orderNo, request)).rejects.toThrow('COMMIT')
    expect(await retry(desk, seen)).toMatchObject({
      message: expect.stringContaining('"Li" credited it'),
    })
    expect(await credits(desk)).toBe(1)
  })
})
