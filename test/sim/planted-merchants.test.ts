import { afterAll, describe, expect, it } from 'vitest'
import { openNotification } from '../../proof/sim/gateway/notification.ts'
import type { Scenario } from '../../proof/sim/plan/scenario.ts'
import { SeedRunner } from '../../proof/sim/seed.ts'
import type { SeedOptions } from '../../proof/sim/simulation.ts'
import type { Desk } from '../../src/desk.ts'
import type { OrderKey } from '../../src/domain/order.ts'
import type { Store } from '../../src/store/store.ts'
import { catchFault as catchIn, withTx } from './catch-fault.ts'

const runner = new SeedRunner()
afterAll(() => runner.end())

function catchFault(
  planted: SeedOptions,
  {
    within,
    only = ({ merchants }) => merchants.length > 1,
  }: { within: number; only?: (scenario: Scenario) => boolean },
) {
  return catchIn(planted, { runner, within, only })
}

/** The gateway of another merchant than the first goes on refusing the key, or answers with an unknown one. */
function hasLastingKeyFault({ merchants: [first, ...others] }: Scenario): boolean {
  const faults = ['gateway_refuses_client', 'gateway_keyless']
  return first.lasting === null && others.some(({ lasting }) => faults.includes(lasting ?? ''))
}

const bareNumber = (key: OrderKey) => key.replace(/:.*/, '') as OrderKey

describe('the auditor of worlds with several merchants', () => {
  it('catches an answer that is settled by the number alone', async () => {
    const wrapStore = (store: Store) =>
      withTx(store, (tx) => ({
        lockOrder: (key, options) => tx.lockOrder(bareNumber(key), options),
        lockOrders: (requests) =>
          tx.lockOrders(requests.map((each) => ({ ...each, key: bareNumber(each.key) }))),
      }))
    const failure = await catchFault({ wrapStore }, { within: 30 })
    expect(['I2', 'I8', 'no error of budan itself']).toContain(failure?.invariant)
  })

  it('catches an order that is found by its number, whichever merchant is meant', async () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      findOrders: async (orderNo) => {
        const orders = await store.findOrders(orderNo)
        return orders.map((order) => ({ ...order, key: bareNumber(order.key) }))
      },
    })
    const failure = await catchFault({ wrapStore }, { within: 60 })
    expect(['I2', 'I8', 'no error of budan itself']).toContain(failure?.invariant)
  })

  it('catches a slot that the merchants share (I9)', async () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      openRun: async (run) => {
        const opened = await store.openRun(run)
        if (opened.kind === 'taken' || opened.run.slot === null) return opened
        return { ...opened, merchants: opened.merchants.slice(0, 1) }
      },
    })
    expect(await catchFault({ wrapStore }, { within: 30 })).toMatchObject({ invariant: 'I9' })
  })

  it('catches a breaker that the merchants share (I9)', async () => {
    const wrapDesks = ([first, ...others]: readonly Desk[]) =>
      first === undefined ? [] : [first, ...others.map((desk) => withBreakerOf(first, desk))]
    const search = { within: 400, only: hasLastingKeyFault }
    expect(await catchFault({ wrapDesks }, search)).toMatchObject({ invariant: 'I9' })
  })

  it('catches a callback that opens at the path of another merchant (I7, I8)', async () => {
    const wrapDesks = (desks: readonly Desk[]) => desks.map(openingAnyCallback)
    const failure = await catchFault({ wrapDesks }, { within: 200 })
    expect(['I7', 'I8']).toContain(failure?.invariant)
  })

  it('catches users of two merchants that share an account (I2)', async () => {
    const wrapDesks = (desks: readonly Desk[]) =>
      desks.map((desk) => ({ ...desk, userPrefix: null }))
    expect(await catchFault({ wrapDesks }, { within: 30 })).toMatchObject({ invariant: 'I2' })
  })
})

function withBreakerOf({ breaker }: Desk, desk: Desk): Desk {
  const [adopting, receiving] = [
    { ...desk.adopting, breaker },
    { ...desk.receiving, breaker },
  ]
  return { ...desk, breaker, adopting, receiving }
}

/** With whatever keys, and for whatever merchant. */
function openingAnyCallback(desk: Desk): Desk {
  const gateway: Desk['gateway'] = {
    ...desk.gateway,
    openCallback: async (callback) => {
      const { trade } = JSON.parse(Buffer.from(callback.body).toString())
      const keyId = String(callback.headers['wechatpay-serial'])
      return openNotification(callback, { mchid: trade.mchid, keyId })
    },
  }
  return { ...desk, receiving: { ...desk.receiving, gateway } }
}
