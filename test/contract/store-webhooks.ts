import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Attempt } from '../../src/domain/webhooks/delivery.ts'
import { CursorError } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import type { ClaimedDelivery } from '../../src/store/webhooks/webhook-store.ts'
import { type MakeSubject, place, placePaid, run, type Subject } from './store-fixtures.ts'
import { positionAll } from './store-published.ts'

const [secondMs, minuteMs, hourMs, dayMs] = [1000, 60_000, 3_600_000, 86_400_000]

const delivered: Attempt = {
  ...{ outcome: 'delivered', status: 204, error: null, answer: '' },
  ...{ durationMs: 3, retryAfterMs: null },
}
const refused: Attempt = {
  ...{ outcome: 'server_error', status: 503, error: 'it answered 503', answer: 'nope\0' },
  ...{ durationMs: 3, retryAfterMs: null },
}

export function webhooksContract(make: MakeSubject): void {
  describe('webhooks', () => {
    let subject: Subject
    let store: Store
    let nowMs = Date.UTC(2026, 0, 31, 8)
    const pass = (ms: number) => {
      nowMs += ms
    }
    beforeAll(async () => {
      subject = await make({ clock: () => new Date(nowMs) })
      store = subject.store
    })
    afterAll(() => store.close())
    beforeEach(async () => {
      await positionAll(store)
      for (const table of ['webhook_deliveries', 'webhook_subscriptions', 'webhook_endpoints']) {
        await run(subject, `delete from ${table}`)
      }
      await store.configureWebhooks([{ name: 'shop', types: null }])
    })

    const claim = (endpoint = 'shop', limit = 10) =>
      store.claimDeliveries({ endpoint, limit, leaseMs: minuteMs })
    const record = (claimed: readonly ClaimedDelivery[], attempt: Attempt, endpoint = 'shop') =>
      store.recordAttempts({
        endpoint,
        attempts: claimed.map((each) => ({ ...each, ...attempt })),
      })
    const all = async () => (await store.listDeliveries({ limit: 200, cursor: null })).items
    const paid = async (count = 1) => {
      for (let made = 0; made < count; made += 1) await placePaid(store)
      await positionAll(store)
    }

    it('positionEvents() makes a delivery for each endpoint that wants the event', async () => {
      await store.configureWebhooks([
        { name: 'shop', types: ['order.expired'] },
        { name: 'books', types: ['order.paid', 'order.refunded'] },
        { name: 'other', types: ['order.expired'] },
      ])
      const order = await placePaid(store)
      expect(await all()).toEqual([])
      await positionAll(store)
      const deliveries = await all()
      // "shop" still wants everything: a node whose file says so may be running.
      expect(deliveries.map(({ endpoint }) => endpoint).sort()).toEqual(['books', 'shop'])
      expect(deliveries[0]).toMatchObject({
        ...{ type: 'order.paid', orderNo: order.orderNo, state: 'pending', attempts: 0 },
        ...{ createdAt: new Date(nowMs), nextAt: new Date(nowMs), finishedAt: null },
      })
    })

    it('an endpoint that no node has said for an hour gets nothing new, unless no node runs', async () => {
      pass(3 * hourMs)
      await paid()
      expect((await all()).length).toBe(1)
      await store.configureWebhooks([{ name: 'other', types: null }])
      await paid()
      expect((await all()).map(({ endpoint }) => endpoint)).toEqual(['other', 'shop'])
    })

    it('claimDeliveries() gives each delivery to one claimer, until its lease is over', async () => {
      await paid(3)
      const [first, second] = await Promise.all([claim('shop', 2), claim('shop', 2)])
      const ids = [...first.claimed, ...second.claimed].map(({ id }) => id)
      expect(new Set(ids).size).toBe(3)
      expect(first.claimed[0]).toMatchObject({ attempt: 1, claimedAt: new Date(nowMs) })
      expect(first.claimed[0]?.event).toMatchObject({
        ...{ id: expect.stringMatching(/^evt_[0-9a-f]{32}$/), type: 'order.paid' },
      })
      const data: unknown = JSON.parse(first.claimed[0]?.event.data ?? '')
      expect(data).toMatchObject({ amount: 1234, currency: 'CNY' })
      pass(minuteMs - 1)
      expect((await claim()).claimed).toEqual([])
      pass(1)
      const again = (await claim()).claimed
      expect(again.map(({ id }) => id).sort()).toEqual(ids.sort())
      expect(again.map(({ attempt }) => attempt)).toEqual([2, 2, 2])
    })

    it('releaseDeliveries() lets others claim at once, and counts for no schedule', async () => {
      await paid(2)
      const { claimed } = await claim()
      await record(claimed.slice(0, 1), refused)
      await store.releaseDeliveries(claimed)
      pass(2 * secondMs) // the endpoint is held after a failure
      const again = (await claim()).claimed
      expect(again).toMatchObject([{ id: claimed[1]?.id, attempt: 2 }])
      // Somebody else has it now.
      await store.releaseDeliveries(claimed)
      expect((await claim()).claimed).toEqual([])
      await record(again, refused)
      const [second] = await all()
      const waitMs = +(second?.nextAt ?? 0) - nowMs
      expect(waitMs).toBeGreaterThanOrEqual(5 * secondMs)
      expect(waitMs).toBeLessThanOrEqual(5.5 * secondMs)
      expect(second).toMatchObject({ attempts: 1 })
    })

    it('recordAttempts() ends what was delivered, and lets the rest wait by its schedule', async () => {
      await paid(2)
      const { claimed } = await claim()
      await record(claimed.slice(0, 1), delivered)
      await record(claimed.slice(1), refused)
      const [second, first] = await all()
      expect(first).toMatchObject({
        state: 'delivered',
        nextAt: null,
        lastStatus: 204,
        attempts: 1,
      })
      expect(second).toMatchObject({ state: 'pending', lastError: 'it answered 503', attempts: 1 })
      const waitMs = +(second?.nextAt ?? 0) - nowMs
      expect(waitMs).toBeGreaterThanOrEqual(5 * secondMs)
      expect(waitMs).toBeLessThanOrEqual(5.5 * secondMs)
      const found = await store.findDelivery(second?.id ?? 0n)
      expect(found?.attempts).toEqual([
        {
          ...{ attempt: 1, at: new Date(nowMs), durationMs: 3, outcome: 'server_error' },
          ...{ status: 503, error: 'it answered 503', answer: 'nope�' },
        },
      ])
    })

    it('an attempt that was claimed again decides nothing, unless it was delivered', async () => {
      await paid(2)
      const { claimed } = await claim()
      pass(2 * minuteMs)
      const again = (await claim()).claimed
      await record(claimed.slice(0, 1), delivered)
      await record(claimed.slice(1), refused)
      const [second, first] = await all()
      expect(first?.state).toBe('delivered')
      expect(second).toMatchObject({ state: 'pending', lastError: null, attempts: 1 })
      await record(again, delivered)
      expect((await all()).map(({ state }) => state)).toEqual(['delivered', 'delivered'])
      // Both are in the log: both were sent.
      const { attempts } = (await store.findDelivery(second?.id ?? 0n)) ?? {}
      expect(attempts?.map(({ outcome }) => outcome)).toEqual(['server_error', 'delivered'])
    })

    it('a delivery is given up after three days of attempts, and can be replayed', async () => {
      await paid()
      let tries = 0
      const endsAt = nowMs + 5 * dayMs
      while (nowMs < endsAt && (await all())[0]?.state === 'pending') {
        const { claimed } = await claim()
        if (claimed.length > 0) tries += 1
        await record(claimed, refused)
        // Often at first, where its schedule is close.
        pass(tries < 5 ? minuteMs : 20 * minuteMs)
      }
      const [failed] = await all()
      expect(failed).toMatchObject({ state: 'failed', attempts: tries, nextAt: null })
      expect(+(failed?.finishedAt ?? 0) - +(failed?.createdAt ?? 0)).toBeGreaterThan(2.5 * dayMs)
      expect(+(failed?.finishedAt ?? 0) - +(failed?.createdAt ?? 0)).toBeLessThan(3.1 * dayMs)
      expect((await store.endpointStates(['shop'], { countMax: 100 }))[0]).toMatchObject({
        ...{ pending: 0, failed: 1, oldestPendingMs: null, lastStatus: 503 },
      })
      const replayed = await store.replayDelivery(failed?.id ?? 0n)
      expect(replayed).toMatchObject({
        state: 'pending',
        nextAt: new Date(nowMs),
        finishedAt: null,
      })
      pass(hourMs)
      const { claimed } = await claim()
      expect(claimed.map(({ attempt }) => attempt)).toEqual([tries + 1])
      // Its schedule begins anew.
      await record(claimed, refused)
      expect(+((await all())[0]?.nextAt ?? 0) - nowMs).toBeLessThan(6 * secondMs)
    })

    it('the log has each attempt once, also where it was delivered again after a replay', async () => {
      await paid()
      const [{ id } = { id: 0n }] = await all()
      const logged = async () =>
        (await store.findDelivery(id))?.attempts.map(({ attempt, outcome }) => [attempt, outcome])
      await record((await claim()).claimed, refused)
      pass(minuteMs)
      const { claimed } = await claim()
      await record(claimed, delivered)
      const first = [
        [1, 'server_error'],
        [2, 'delivered'],
      ]
      expect(await logged()).toEqual(first)
      // The answer to the commit was lost.
      await record(claimed, delivered)
      expect(await logged()).toEqual(first)
      await store.replayDelivery(id)
      expect(await logged()).toEqual(first)
      const again = (await claim()).claimed
      await record(again, delivered)
      expect(await logged()).toEqual([...first, [3, 'delivered']])
      expect((await all())[0]).toMatchObject({ state: 'delivered', attempts: 3 })
      expect((await store.findDelivery(id))?.attempts.at(-1)).toMatchObject({
        ...{ at: again[0]?.claimedAt, durationMs: 3, status: 204, error: null, answer: '' },
      })
    })

    it('the log has both of two attempts that are recorded together, and the delivery one state', async () => {
      for (const order of ['as they were made', 'the other way round']) {
        await paid()
        const first = (await claim()).claimed
        pass(minuteMs)
        const second = (await claim()).claimed
        const made = [
          ...first.map((each) => ({ ...each, ...delivered })),
          ...second.map((each) => ({ ...each, ...(order.startsWith('as') ? delivered : refused) })),
        ]
        const attempts = order.startsWith('as') ? made : made.toReversed()
        await store.recordAttempts({ endpoint: 'shop', attempts })
        const [delivery] = await all()
        expect(delivery).toMatchObject({ state: 'delivered', attempts: 2 })
        const found = await store.findDelivery(delivery?.id ?? 0n)
        expect(found?.attempts.map(({ attempt }) => attempt)).toEqual([1, 2])
      }
    })

    it('the log has what a node of the version before delivered', async () => {
      await paid()
      const [{ id } = { id: 0n }] = await all()
      await claim()
      await run(
        subject,
        `update webhook_deliveries set state = 'delivered', finished_at = next_at, claimed_until = null`,
      )
      await run(
        subject,
        `insert into webhook_attempts (delivery_id, attempt, at, duration_ms, outcome, status, answer)
         select id, 1, next_at, 7, 'delivered', 204, '' from webhook_deliveries`,
      )
      expect((await all())[0]).toMatchObject({ state: 'delivered', attempts: 1 })
      expect((await store.findDelivery(id))?.attempts).toMatchObject([{ durationMs: 7 }])
      // Its replay is delivered by this node.
      await store.replayDelivery(id)
      await record((await claim()).claimed, delivered)
      expect((await store.findDelivery(id))?.attempts.map(({ attempt }) => attempt)).toEqual([1, 2])
    })

    it('a result of before a replay does not end the replay', async () => {
      await paid()
      const { claimed } = await claim()
      const [delivery] = await all()
      await store.replayDelivery(delivery?.id ?? 0n)
      await record(claimed, delivered)
      expect((await all())[0]?.state).toBe('pending')
      expect((await claim()).claimed.length).toBe(1)
    })

    it('an endpoint that is away is probed by one node at a time, and all goes on when it is back', async () => {
      await paid(30)
      const gates: string[] = []
      for (let minute = 0; minute < 240; minute += 4) {
        const [one, two] = await Promise.all([claim(), claim()])
        gates.push(one.gate, two.gate)
        if (one.gate === 'probe' || two.gate === 'probe') {
          expect([...one.claimed, ...two.claimed].length).toBe(1)
        }
        await record(one.claimed, refused)
        await record(two.claimed, refused)
        pass(4 * minuteMs)
      }
      expect(gates).toContain('probe')
      expect(gates.at(-1)).toBe('hold')
      const [state] = await store.endpointStates(['shop'], { countMax: 100 })
      expect(state).toMatchObject({ pending: 30, failed: 0, lastError: 'it answered 503' })
      expect(state?.oldestPendingMs).toBeGreaterThan(3.9 * hourMs)
      pass(10 * minuteMs)
      const { gate, claimed } = await claim()
      expect([gate, claimed.length]).toEqual(['probe', 1])
      const { before, after } = await record(claimed, delivered)
      expect([before.failures > 5, after.failures]).toEqual([true, 0])
      expect((await claim('shop', 100)).claimed.length).toBe(29)
    })

    it('the wait that a receiver names holds its own deliveries back, and no others', async () => {
      await store.configureWebhooks([
        { name: 'shop', types: null },
        { name: 'books', types: null },
      ])
      await paid(2)
      const { claimed } = await claim('shop', 1)
      await record(claimed, { ...refused, retryAfterMs: 90_000 })
      pass(89_000)
      expect(await claim()).toEqual({ gate: 'hold', claimed: [] })
      expect((await claim('books')).claimed.length).toBe(2)
      pass(1_000)
      expect((await claim()).claimed.length).toBe(2)
    })

    it('a test event that is taken shows that the endpoint is back; one that fails shows nothing', async () => {
      await paid()
      await record((await claim()).claimed, refused)
      await store.recordAttempts({ endpoint: 'shop', attempts: [], test: refused })
      const failures = async () =>
        (await store.endpointStates(['shop'], { countMax: 9 }))[0]?.health.failures
      expect(await failures()).toBe(1)
      await store.recordAttempts({ endpoint: 'shop', attempts: [], test: delivered })
      expect(await failures()).toBe(0)
    })

    it('replaySpan() makes due what was delivered, failed or never made, in portions', async () => {
      await paid(2)
      pass(hourMs)
      const since = new Date(nowMs)
      await paid(3)
      await store.configureWebhooks([{ name: 'late', types: null }])
      await record((await claim('shop', 4)).claimed, delivered)
      pass(secondMs)
      const portions = async (endpoint: string, types: 'order.paid'[] | null) => {
        const counts: number[] = []
        const from = { at: since, position: -1n }
        for (let at: typeof from | null = from, until: Date | null = null; at !== null; ) {
          const made: Awaited<ReturnType<Store['replaySpan']>> = await store.replaySpan({
            ...{ endpoint, from: at, until, types, limit: 2 },
          })
          counts.push(made.replayed)
          at = made.next
          until = made.until
        }
        return counts
      }
      // Of those of "shop", one is pending anyway.
      expect((await portions('shop', null)).reduce((sum, each) => sum + each, 0)).toBe(2)
      expect(await portions('late', ['order.paid'])).toEqual([2, 1])
      expect((await all()).filter(({ endpoint }) => endpoint === 'late').length).toBe(3)
      expect((await claim('late')).claimed.length).toBe(3)
    })

    it('listDeliveries() takes an endpoint, a state and an order, page by page', async () => {
      await paid(3)
      await record((await claim('shop', 1)).claimed, delivered)
      const list = (filter: Partial<Parameters<Store['listDeliveries']>[0]>) =>
        store.listDeliveries({ limit: 2, cursor: null, ...filter })
      const first = await list({})
      const second = await list({ cursor: first.nextCursor })
      expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, null])
      expect((await list({ state: 'delivered' })).items.length).toBe(1)
      expect((await list({ endpoint: 'nobody' })).items).toEqual([])
      expect((await list({ endpoint: 'a\0' })).items).toEqual([])
      const { orderNo = '' } = first.items[0] ?? {}
      expect((await list({ orderNo })).items.map((each) => each.orderNo)).toEqual([orderNo])
      await expect(list({ cursor: 'x' })).rejects.toThrow(CursorError)
      expect(await store.findDelivery(999_999_999n)).toBeNull()
      expect(await store.replayDelivery(999_999_999n)).toBeNull()
    })

    it('events with a pending delivery are kept, and go with their deliveries and log once it ended', async () => {
      await paid(2)
      pass(200 * dayMs)
      await place(store)
      await paid()
      const prune = () => store.pruneEvents({ olderThanMs: 90 * dayMs, limit: 1000 })
      await record((await claim('shop', 2)).claimed.slice(0, 1), delivered)
      await prune()
      expect((await all()).filter(({ state }) => state === 'pending').length).toBe(2)
      pass(hourMs)
      await record((await claim('shop', 1)).claimed, delivered)
      expect(await prune()).toBeGreaterThan(0)
      expect((await all()).map(({ state }) => state)).toEqual(['pending'])
    })

    it('failUnconfigured() ends what nobody can send any more', async () => {
      await paid(3)
      pass(8 * dayMs)
      const fail = () => store.failUnconfigured({ olderThanMs: 7 * dayMs, limit: 2 })
      expect(await fail()).toBe(0)
      await store.configureWebhooks([])
      expect([await fail(), await fail(), await fail()]).toEqual([2, 1, 0])
      expect((await all())[0]).toMatchObject({
        ...{ state: 'failed', lastError: 'its endpoint is not in the configuration any more' },
      })
      await store.configureWebhooks([{ name: 'shop', types: null }])
      await paid()
      expect(await fail()).toBe(0)
    })
  })
}
