import { afterAll, describe, expect, it } from 'vitest'
import { OutboxRunner } from '../../proof/outbox/seeds.ts'
import type { OutboxOptions } from '../../proof/outbox/simulation.ts'
import type { Store } from '../../src/store/store.ts'
import { dayMs } from '../../src/text/time-units.ts'
import { withTx } from './catch-fault.ts'

const runner = new OutboxRunner()
afterAll(() => runner.end())

/** Runs seeds until one fails. */
async function catchFault(planted: OutboxOptions, { within }: { within: number }) {
  for (let seed = 1; seed <= within; seed += 1) {
    const { failure } = await runner.run(seed, planted)
    if (failure !== null) return failure
  }
  return null
}

function withStore(change: (store: Store) => Partial<Store>): OutboxOptions {
  return { wrapStore: (store) => ({ ...store, ...change(store) }) }
}

describe('OutboxRunner.run()', () => {
  it('finds each event at each endpoint, and gives the same history for the same seed', async () => {
    const faults = new Set<string>()
    const hashes: string[] = []
    // Of the shorter ones: in others an endpoint is away for days.
    for (const seed of [3, 8, 8]) {
      const { failure, figures, trace } = await runner.run(seed)
      expect(failure, `npm run sim:outbox -- --seed ${seed}`).toBeNull()
      expect(figures.of('deliveries')).toBeGreaterThan(0)
      for (const [name] of figures.under('fault:')) faults.add(name)
      hashes.push(trace.hash)
    }
    expect([...faults]).toEqual(expect.arrayContaining(['crash', 'commitLost', 'answerLost']))
    expect(hashes[2]).toBe(hashes[1])
    expect(hashes[1]).not.toBe(hashes[0])
  })
})

describe('the auditor of the outbox', () => {
  it('catches a delivery that is lost with the process that claimed it', async () => {
    const planted = withStore(({ claimDeliveries }) => ({
      claimDeliveries: (claim) => claimDeliveries({ ...claim, leaseMs: 100 * dayMs }),
    }))
    expect(await catchFault(planted, { within: 6 })).toMatchObject({
      invariant: 'all is quiet within a day',
    })
  })

  it('catches an attempt that failed and is recorded as delivered', async () => {
    const planted = withStore(({ recordAttempts }) => ({
      recordAttempts: ({ attempts, ...record }) =>
        recordAttempts({
          ...record,
          attempts: attempts.map((made) => ({ ...made, outcome: 'delivered' as const })),
        }),
    }))
    expect(await catchFault(planted, { within: 6 })).toMatchObject({
      invariant: 'each endpoint gets each event',
    })
  })

  it('catches a page of the feed whose cursor goes on too far', async () => {
    const planted = withStore(({ readEvents }) => ({
      readEvents: async (request) => {
        const page = await readEvents(request)
        return page.events.length < 2 ? page : { ...page, events: page.events.slice(0, -1) }
      },
    }))
    expect(await catchFault(planted, { within: 6 })).toMatchObject({
      invariant: 'each reader gets each event once, in order',
    })
  })

  it('catches a credit whose event is not published', async () => {
    const plant = `
      create function budan.lose_event() returns trigger language plpgsql as $$
      begin
        return case when new.type = 'order.paid' then null else new end;
      end $$`
    const trigger = `
      create trigger lose_event before insert on budan.published_events_new
      for each row execute function budan.lose_event()`
    expect(await catchFault({ plant: [plant, trigger] }, { within: 3 })).toMatchObject({
      invariant: 'each fact is published once',
    })
  })

  it('catches an exception that is opened each time that its fact is seen', async () => {
    let opened = 0
    const wrapStore = (store: Store) =>
      withTx(store, (tx) => ({
        exceptionsOf: async () => [],
        changeExceptions: (changes) =>
          tx.changeExceptions({
            ...changes,
            opened: changes.opened.map((each) => {
              opened += 1
              return { ...each, about: `${each.about}-${opened}` }
            }),
          }),
      }))
    expect(await catchFault({ wrapStore }, { within: 8 })).toMatchObject({
      invariant: 'exceptions are as the truth',
    })
  })
})
