import { afterEach, describe, expect, it } from 'vitest'
import type { NewRun, OpenedRun } from '../../src/domain/runs/run.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openWorld, type World } from '../support/world.ts'

const worlds: World[] = []

afterEach(async () => {
  for (const opened of worlds.splice(0)) await opened.close()
})

/** Two processes of budan on one PostgreSQL, each with its own connections and gateway client. */
async function twoNodes(recharge = {}): Promise<readonly [World, World]> {
  const url = await freshPostgresUrl()
  const minutes = { passed: 0 }
  const clock = () => new Date(Date.UTC(2026, 0, 24, 7) + minutes.passed * 60_000)
  const stores: Store[] = [await openStore(url, { clock }), await openStore(url, { clock })]
  const nodes: World[] = []
  for (const store of stores) nodes.push(await openWorld({ store, recharge }))
  worlds.push(...nodes)
  const [first, second] = nodes
  if (first === undefined || second === undefined) throw new Error('No nodes')
  return [first, second]
}

/** What the node gets when it next tries to open a run. */
function openedRuns(store: Store): Promise<OpenedRun> {
  return new Promise((resolve) => {
    const { openRun } = store
    Object.assign(store, {
      openRun: (run: NewRun) => {
        const answer = openRun(run)
        answer.then(resolve)
        return answer
      },
    })
  })
}

describe('two nodes on one database', () => {
  it('make one run per interval, whichever is first', async () => {
    const [first, second] = await twoNodes()
    const openings = [openedRuns(first.store), openedRuns(second.store)]
    first.budan.start()
    second.budan.start()
    const opened = await Promise.all(openings)
    await Promise.all([first.budan.stop(), second.budan.stop()])
    expect(opened.map(({ kind }) => kind).sort()).toEqual(['opened', 'taken'])
    const { items } = await first.store.listRuns({ limit: 10, cursor: null })
    expect(items).toHaveLength(1)
  })

  it('never claim an order both, and together query each', async () => {
    const [first, second] = await twoNodes({ compensationThresholdMins: 0.001 })
    const created = new Date(Date.UTC(2026, 0, 24, 6))
    for (let n = 100; n < 140; n += 1) {
      const orderNo = `ORDER-${n}`
      for (const { control } of [first, second])
        control.putOrder({ out_trade_no: orderNo, total: 1 })
      await first.budan.adoptOrder({
        ...{ orderNo, userId: 'u1', amount: 1n, description: '' },
        ...{ createdAt: created, expiresAt: null },
      })
    }
    const runs = await Promise.all([first, second].map((node) => node.budan.run({ dryRun: false })))
    const queried = runs.flatMap(({ results }) => results.map((result) => result.orderNo))
    expect(new Set(queried).size).toBe(queried.length)
    const rest = await first.budan.run({ dryRun: false })
    expect(queried.length + rest.results.length).toBe(40)
  })
})
