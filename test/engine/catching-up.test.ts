import { describe, expect, it, vi } from 'vitest'
import type { BatchUnderWay, Engine, Work } from '../../src/queue/engine.ts'
import { localEngine } from '../../src/queue/local.ts'
import { StoreError } from '../../src/store/errors.ts'
import { useWorlds, type World } from '../support/world.ts'

const world = useWorlds()

/** An engine that does what the test says, when it says so. */
class SteppedEngine implements Engine {
  #work: (work: Work) => void = () => undefined
  readonly #given = new Promise<Work>((resolve) => (this.#work = resolve))
  readonly #stop = new AbortController()

  run(work: Work, signal: AbortSignal): Promise<void> {
    this.#work(work)
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
  }

  vitals() {
    return { state: 'local', detail: 'stepped', jobs: null } as const
  }

  /** Begins one batch, whether or not a tick wants it. */
  async begin(): Promise<BatchUnderWay> {
    return (await this.#given).batch(this.#stop.signal)
  }

  /** A tick, and the batches that it wants. Returns how many there were. */
  async step(): Promise<number> {
    const work = await this.#given
    const { batches } = await work.tick(this.#stop.signal)
    let made = 0
    const batch = () => work.batch(this.#stop.signal).ended
    while (made < batches && (await batch()) === 'more') made += 1
    return batches
  }
}

const day = 24 * 60
const orderNos = Array.from({ length: 130 }, (_, n) => `ORDER-${100 + n}`)

/** Orders were paid, budan was down, and three days passed (fault 14). */
async function afterOutage(engine: Engine, compensationDrain: boolean): Promise<World> {
  const opened = await world({ engine, recharge: { compensationDrain } })
  for (const orderNo of orderNos) {
    await opened.adopt(orderNo, { ttlMins: 7 * day })
    opened.control.pay(orderNo)
  }
  await opened.advanceMins(3 * day)
  opened.budan.start()
  return opened
}

function backlogEvents({ events }: World): readonly object[] {
  return events.filter(({ type }) => type === 'catching_up' || type === 'caught_up')
}

describe('after an outage of three days', () => {
  it('a batch each interval works the backlog off, reports its progress, and gives up nothing', async () => {
    const engine = new SteppedEngine()
    const opened = await afterOutage(engine, false)
    for (const due of [80, 30, 0]) {
      expect(await engine.step()).toBe(0)
      expect(await opened.budan.backlog()).toMatchObject({ remaining: due })
      await opened.advanceMins(5)
    }
    expect(backlogEvents(opened)).toEqual([
      {
        type: 'catching_up',
        ...{ remaining: 80, perSec: 50 / 300, doneInMs: 480_000, basis: 'batch' },
      },
      { type: 'caught_up', remaining: 30 },
    ])
    expect(await opened.balance('u1')).toBe(13_000n)
  })

  it('with drain the first interval works it off, batch after batch', async () => {
    const engine = new SteppedEngine()
    const opened = await afterOutage(engine, true)
    expect(await engine.step()).toBe(2)
    expect(await opened.balance('u1')).toBe(13_000n)
    await opened.advanceMins(5)
    await engine.step()
    expect(backlogEvents(opened)).toMatchObject([
      { type: 'catching_up', remaining: 80, basis: 'quota' },
      { type: 'caught_up', remaining: 0 },
    ])
    const { items } = await opened.store.listRuns({ limit: 10, cursor: null })
    expect(items.map(({ total, slot }) => [total, slot !== null])).toEqual([
      [0, true],
      [30, false],
      [50, false],
      [50, true],
    ])
  })

  it('the next batch may begin when half of a whole one has been sent, or a short one has ended', async () => {
    const engine = new SteppedEngine()
    const opened = await afterOutage(engine, true)
    const endsAtHalf = async () => {
      const { halfSent, ended } = await engine.begin()
      await halfSent
      const count = opened.events.filter(({ type }) => type === 'run_finished').length
      expect(await ended).not.toBe('failed')
      return count
    }
    // Of 50, 50 and 30 orders.
    expect([await endsAtHalf(), await endsAtHalf(), await endsAtHalf()]).toEqual([0, 1, 3])
    expect(await opened.balance('u1')).toBe(13_000n)
  })

  it('the next batch may begin when one has failed', async () => {
    const engine = new SteppedEngine()
    const opened = await afterOutage(engine, true)
    const claimDue = vi.spyOn(opened.store, 'claimDue').mockRejectedValue(new StoreError('away'))
    const { halfSent, ended } = await engine.begin()
    await halfSent
    expect(await ended).toBe('failed')
    claimDue.mockRestore()
    await engine.step()
    expect(await opened.balance('u1')).toBe(13_000n)
  })

  it('the local engine does so by itself', async () => {
    const opened = await afterOutage(localEngine, true)
    let seen = 0
    for (const total of [50, 50, 30]) {
      const event = await opened.waitFor('run_finished', { from: seen })
      expect(event).toMatchObject({ run: { total } })
      seen = opened.events.indexOf(event) + 1
    }
    await opened.budan.stop()
    expect(await opened.balance('u1')).toBe(13_000n)
  })

  it('a gateway that answers nothing is not stormed: no batch follows a batch without one answer', async () => {
    const engine = new SteppedEngine()
    const opened = await afterOutage(engine, true)
    opened.control.addFault({ operation: 'query', fault: { kind: 'reset' } })
    expect(await engine.step()).toBe(0)
    const { items } = await opened.store.listRuns({ limit: 10, cursor: null })
    expect(items.map(({ total, failed }) => [total, failed])).toEqual([[50, 50]])
    // Nothing is given up: each is queried again after the shortest wait.
    opened.control.clearFaults()
    await opened.advanceMins(5)
    await engine.step()
    expect(await opened.balance('u1')).toBe(13_000n)
  })
})
