/**
 * Runs the stages of a node on the models of database and gateway, in virtual time and without
 * faults.
 */

import type { DrawnOrder, SimulatedOrder } from '../../bench/schedule/simulate-order.ts'
import { Loop } from '../../proof/sim/clock/loop.ts'
import { Random } from '../../proof/sim/clock/random.ts'
import { Trace } from '../../proof/sim/clock/trace.ts'
import { inVirtualTime, virtualise } from '../../proof/sim/clock/virtual.ts'
import { DatabaseServer } from '../../proof/sim/database/server.ts'
import { modelStore } from '../../proof/sim/database/store.ts'
import type { Change } from '../../proof/sim/database/tables.ts'
import { Figures } from '../../proof/sim/figures.ts'
import { newGatewayOrder, openTrade } from '../../proof/sim/gateway/gateway-order.ts'
import { GatewayServer } from '../../proof/sim/gateway/server.ts'
import { modelGateway } from '../../proof/sim/gateway/wire.ts'
import type { SimMerchant } from '../../proof/sim/merchants/merchant.ts'
import { noRates } from '../../proof/sim/merchants/rates.ts'
import { startNode } from '../../proof/sim/node.ts'
import { FaultSchedule } from '../../proof/sim/plan/fault-schedule.ts'
import type { OrderPlan as SimulatedPlan } from '../../proof/sim/plan/order-plan.ts'
import type { Scenario } from '../../proof/sim/plan/scenario.ts'
import type { SchedulePolicy } from '../../src/domain/runs/schedule.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { minuteMs } from '../../src/text/time-units.ts'
import { keyOf } from '../support/order-key.ts'

/**
 * The result of an order. `createdAt` is the time in the database, a moment after the order was
 * placed.
 */
export type RealOrder = SimulatedOrder & { readonly createdAt: number; readonly status: string }

interface ServiceOptions {
  readonly policy: SchedulePolicy
  readonly batchSize: number
  readonly concurrency: number
}

/**
 * Runs all drawn orders on one node, in virtual time and without callbacks. The results are in the
 * same order.
 */
export async function runRealService(
  drawnOrders: readonly DrawnOrder[],
  { policy, batchSize, concurrency }: ServiceOptions,
): Promise<readonly RealOrder[]> {
  const startAt = Math.min(...drawnOrders.map(({ createdAt }) => createdAt)) - minuteMs
  const endAt = Math.max(...drawnOrders.map(({ createdAt }) => createdAt)) + 2 * policy.orderTtlMs
  const random = new Random(1, 1)
  const trace = new Trace({ kept: false, startAt })
  const loop = new Loop({ random, trace, startAt })
  const figures = new Figures()
  const scenario = calm({ policy, batchSize, concurrency })
  const faults = new FaultSchedule({ loop, random, figures, scenario, ...scenario, lasting: null })
  faults.stop()
  const world = { loop, random, trace, figures, faults }
  const seenAt = new Map<string, number>()
  const database = new DatabaseServer({
    ...{ ...world, skewMs: 0, onRefusal: refuse },
    onCommit: (change) => noteCredits(change, { seenAt, now: loop.now }),
  })
  const callbacks = { onPaid: () => undefined, onPrepay: () => undefined, onClose: () => undefined }
  const server = new GatewayServer({ ...world, merchant, falseAbsenceMsMax: 0, ...callbacks })
  const owner = { name: 'node-1', alive: true, parked: null, timerRate: 1, skewMs: 0 }
  const store = modelStore({ server: database, owner, random, kind: 'postgres' })
  const calls = new Map<string, number>()
  const { appids } = scenario
  const wire = { loop, faults, server, owner, timeoutMs: 5000, appids, isSigned: true }
  const gateway = counting(modelGateway(wire), calls)

  const play = async () => {
    loop.current = owner
    const emit = () => undefined
    const merchants = [{ merchant, name: merchant.name, gateway, emit }]
    const node = startNode({ owner, scenario, policy, store, merchants, emit, onPaid: null })
    drawnOrders.forEach(({ createdAt, paidAt }, at) => {
      const orderNo = orderNoOf(at)
      const ordered = { orderNo, merchant, amount: 100, currency: 'CNY', appid }
      const gatewayOrder = newGatewayOrder({ ...ordered, attach: null }, paid)
      const adopt = () => {
        openTrade(gatewayOrder, loop.now)
        server.gatewayOrders.set(orderNo, gatewayOrder)
        const expiresAt = new Date(loop.now + policy.orderTtlMs)
        const end = { createdAt: null, expiresAt }
        const order = { orderNo, userId: 'u1', amount: 100n, description: 'credit', ...end }
        void node.adopt(order, merchant.mchid)
      }
      loop.after(createdAt - startAt, { owner, label: 'an order', fire: adopt })
      if (paidAt === null) return
      const pay = () => server.pay(gatewayOrder)
      loop.after(paidAt - startAt, { owner: null, label: 'paid', fire: pay })
    })
    await loop.run(() => loop.now > endAt)
  }
  const restore = virtualise()
  try {
    await inVirtualTime({ loop, random }, play)
  } finally {
    restore()
  }
  return drawnOrders.map((_, at) => {
    const order = database.tables.orders.get(keyOf(orderNoOf(at)))
    if (order === undefined) throw new Error('An order was not adopted')
    return {
      ...{ calls: calls.get(order.orderNo) ?? 0, seenAt: seenAt.get(order.orderNo) ?? null },
      ...{ createdAt: +order.createdAt, status: order.status },
    }
  })
}

const merchant: SimMerchant = {
  ...{ place: 0, mchid: '1900000001', otherMchid: '1900000002', name: 'm', otherName: 'n' },
  ...{ userPrefix: null, keyId: 'k', clockMs: 0, rates: noRates, outages: [], lasting: null },
}

const appid = 'wx0000000000000001'

const paid: SimulatedPlan = {
  ...{ kind: 'paid', arrival: 'adopted', payAfterMs: 0, isEndless: false, openMs: 15 * 86_400_000 },
  ...{ closesItself: false, appid, mistake: null, attach: 'absent', oddity: null },
}

function orderNoOf(at: number): string {
  return `SHOP${String(at).padStart(6, '0')}`
}

function refuse(constraint: string): never {
  throw new Error(`Refused: ${constraint}`)
}

function noteCredits(
  { orders }: Change,
  { seenAt, now }: { seenAt: Map<string, number>; now: number },
): void {
  for (const { after } of orders) if (after.status === 'paid') seenAt.set(after.orderNo, now)
}

function counting(gateway: Gateway, calls: Map<string, number>): Gateway {
  const count = (orderNo: string) => calls.set(orderNo, (calls.get(orderNo) ?? 0) + 1)
  return {
    ...gateway,
    query: (orderNo, options) => {
      count(orderNo)
      return gateway.query(orderNo, options)
    },
    close: (orderNo, options) => {
      count(orderNo)
      return gateway.close(orderNo, options)
    },
  }
}

function calm({ policy, batchSize, concurrency }: ServiceOptions): Scenario {
  const mins = (ms: number) => ms / minuteMs
  return {
    ...{ kind: 'postgres', nodeCount: 1, orderCount: 0, drain: false, timeoutMs: 5000 },
    recharge: {
      compensationIntervalMins: mins(policy.intervalMs),
      compensationThresholdMins: mins(policy.thresholdMs),
      compensationBatchSize: batchSize,
      compensationConcurrency: concurrency,
      compensationRecheckMins: policy.recheckMs.map(mins),
      orderTtlMins: mins(policy.orderTtlMs),
    },
    ...{ isLong: false, unknownOrderCount: 0, endlessShare: 0, mistakeShare: 0, isOdd: false },
    ...{
      appids: [appid],
      ...{ merchants: [merchant], hasConfigFaults: false },
      adoptPrefixes: null,
      adoptAttach: null,
      operatorGapMsMax: minuteMs,
    },
    ...{ hasOnPaid: false, arrivalMs: 0, faultyMs: 0, databaseSkewMs: 0, nodeSkewMsMax: 0 },
    ...{ callbackLoss: 1, callbacksHeal: false, rates: noRates, outages: [] },
  }
}
