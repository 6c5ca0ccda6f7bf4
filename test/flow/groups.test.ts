import { describe, expect, it } from 'vitest'
import type { RawCallback } from '../../src/gateway/gateway.ts'
import { SettleGroups } from '../../src/settle/groups.ts'
import type { Settleable } from '../../src/settle/settle.ts'
import { openStore } from '../../src/store/open.ts'
import { openProvedWorld, queried } from '../audit/world.ts'
import { hangingStore, overriding } from '../support/breakable-store.ts'
import { freshPostgresUrl, freshStore } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const world = useWorlds()

const stores = {
  pglite: (clock: () => Date) => freshStore('pglite', { clock }),
  postgres: async (clock: () => Date) => openStore(await freshPostgresUrl(), { clock }),
}

describe.each(['pglite', 'postgres'] as const)('answers that come together, on %s', (kind) => {
  const open = async (): Promise<{ opened: World; later: () => void }> => {
    const clock = { now: new Date('2026-01-24T07:00:00Z') }
    const opened = await world({ store: await stores[kind](() => clock.now) })
    const later = () => {
      clock.now = new Date(+clock.now + 6 * 60_000)
    }
    return { opened, later }
  }
  const payMany = async (opened: World, count: number) => {
    const orderNos = Array.from({ length: count }, (_, n) => `ORDER-${100 + n}`)
    for (const orderNo of orderNos) {
      await opened.adopt(orderNo)
      opened.control.pay(orderNo, { callback: false })
    }
    return orderNos
  }
  const isWhole = async (opened: World) =>
    expect(Object.values(await opened.store.audit())).toEqual([0, 0, 0, 0, 0, 0])

  it('the same callback many times at once credits once, and each is answered', async () => {
    const { opened } = await open()
    await payMany(opened, 2)
    const [one, other] = [await opened.callback('ORDER-100'), await opened.callback('ORDER-101')]
    const receipts = await Promise.all(
      Array.from({ length: 12 }, (_, n) => opened.budan.receiveCallback(n % 3 === 0 ? other : one)),
    )
    const decisions = receipts.map((each) => (each.kind === 'settled' ? each.decision : each.kind))
    expect(decisions.filter((decision) => decision === 'pay')).toHaveLength(2)
    expect(decisions.filter((decision) => decision === 'keep')).toHaveLength(10)
    expect(await opened.balance('u1')).toBe(200n)
    await isWhole(opened)
  })

  it('callbacks and a run with answers about the same orders credit each once', async () => {
    const { opened, later } = await open()
    const orderNos = await payMany(opened, 12)
    const callbacks = []
    for (const orderNo of orderNos) callbacks.push(await opened.callback(orderNo))
    later()
    const [made, ...receipts] = await Promise.all([
      opened.budan.run({ dryRun: false }),
      ...callbacks.map((callback) => opened.budan.receiveCallback(callback)),
    ])
    expect(receipts.every(({ kind }) => kind === 'settled')).toBe(true)
    expect(made.run.failed).toBe(0)
    expect(await opened.balance('u1')).toBe(1200n)
    await isWhole(opened)
  })

  it('an unpaid order that is paid by its callback between the answer and its record stays paid', async () => {
    const { opened, later } = await open()
    await opened.adopt('ORDER-1')
    await opened.adopt('ORDER-2')
    later()
    // Both are unpaid by the run's answers; the second answer is slow, so the first waits for it.
    opened.control.addFault({
      operation: 'query',
      out_trade_no: 'ORDER-2',
      fault: { kind: 'slow', ms: 2500 },
    })
    const running = opened.budan.run({ dryRun: false })
    await opened.waitFor('order_answered')
    opened.control.pay('ORDER-1', { callback: false })
    const receipt = await opened.budan.receiveCallback(await opened.callback('ORDER-1'))
    expect(receipt).toMatchObject({ kind: 'settled', decision: 'pay' })
    const { run, results } = await running
    expect(run).toMatchObject({ total: 2, failed: 0, status: 'finished' })
    expect(results.find(({ orderNo }) => orderNo === 'ORDER-1')?.outcome).toBe('kept')
    expect((await opened.order('ORDER-1')).status).toBe('paid')
    // It was unpaid when it was queried: that raises no alarm.
    expect((await opened.timeline('ORDER-1')).at(-1)).toMatchObject({
      ...{ tradeState: 'NOTPAY', decision: 'keep', alarm: false },
      reason: 'paid since the query was sent',
    })
    expect(opened.events.filter(({ type }) => type === 'order_alarm')).toEqual([])
    expect((await opened.order('ORDER-2')).checks).toBe(1)
    await isWhole(opened)
  })
})

it('a group that hangs holds up no callback that comes after it', async () => {
  let open = () => {}
  let hung = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const isHung = new Promise<void>((resolve) => (hung = resolve))
  const store = await openStore(await freshPostgresUrl())
  const opened = await world({ store: hangingStore(store, { gate, hung }) })
  const callbacks: RawCallback[] = []
  for (let n = 1; n <= 5; n += 1) {
    await opened.adopt(`ORDER-${n}`)
    opened.control.pay(`ORDER-${n}`, { callback: false })
    callbacks.push(await opened.callback(`ORDER-${n}`))
  }
  const receive = (few: readonly RawCallback[]) =>
    Promise.all(few.map((callback) => opened.budan.receiveCallback(callback)))
  const early = receive(callbacks.slice(0, 3))
  await isHung
  const settled = { kind: 'settled', decision: 'pay' }
  expect(await receive(callbacks.slice(3))).toMatchObject([settled, settled])
  expect(await opened.balance('u1')).toBeLessThan(500n)
  open()
  expect(await early).toMatchObject([settled, settled, settled])
  expect(await opened.balance('u1')).toBe(500n)
})

describe('under load, an answer of a run waits for others', () => {
  /**
   * Ten orders are credited, nine of them together; meanwhile two more answers of a run come, and one more
   * query is under way.
   */
  const openLoaded = async (gatherMs: number) => {
    const world = await openProvedWorld('pglite')
    const numbers = Array.from({ length: 13 }, (_, n) => `ORDER-${100 + n}`)
    for (const number of numbers) await world.adopt(number)
    const groups = new SettleGroups({ gatherMs })
    const sizes: number[] = []
    let locked = () => {}
    const isLocked = new Promise<void>((resolve) => (locked = resolve))
    const store = overriding(world.store, {
      transaction: (work) =>
        world.store.transaction((tx) =>
          work(
            overriding(tx, {
              lockOrders: (requested) => {
                sizes.push(requested.length)
                locked()
                return tx.lockOrders(requested)
              },
            }),
          ),
        ),
    })
    const answered = async (number: string): Promise<Settleable> => {
      const { settling, answer } = await queried(world, number)
      return { settling: { ...settling, store }, answer }
    }
    const answers = await Promise.all(numbers.slice(0, 12).map(answered))
    let answerLast = () => {}
    const lastQuery = groups.expecting(() => new Promise<void>((resolve) => (answerLast = resolve)))
    const early = answers.slice(0, 10).map((answer) => groups.settle(answer))
    await isLocked
    const late = answers.slice(10).map((answer) => groups.settle(answer))
    await Promise.all(early)
    const last = await answered('ORDER-112')
    return { world, groups, sizes, late, last, lastQuery, answerLast }
  }

  it('until somebody waits for one of them', async () => {
    const hourMs = 3_600_000
    const { world, groups, sizes, late, last } = await openLoaded(hourMs)
    expect((await world.order('ORDER-110')).status).toBe('pending')
    const by = { ...last.answer.by, source: 'callback' } as const
    await Promise.all([...late, groups.settle({ ...last, answer: { ...last.answer, by } })])
    expect(sizes).toEqual([9, 3])
    expect(await world.balance('u1')).toBe(1300n)
    await world.close()
  })

  it('until no query is under way that could bring more, whose own answer joins them', async () => {
    const hourMs = 3_600_000
    const { world, groups, sizes, late, last, lastQuery, answerLast } = await openLoaded(hourMs)
    expect((await world.order('ORDER-110')).status).toBe('pending')
    const settled = lastQuery.then(() => groups.settle(last))
    answerLast()
    await Promise.all([...late, settled])
    expect(sizes).toEqual([9, 3])
    expect(await world.balance('u1')).toBe(1300n)
    await world.close()
  })

  it('for a moment, where the last query has no answer', async () => {
    const { world, sizes, late } = await openLoaded(100)
    await Promise.all(late)
    expect(sizes).toEqual([9, 2])
    expect(await world.balance('u1')).toBe(1200n)
    await world.close()
  })
})
