import type { Order } from '../../src/domain/order.ts'
import type { AdoptRequest, CorrectRequest } from '../../src/orders/requests.ts'
import type { OutputChecks } from './checks/output-checks.ts'
import type { Loop } from './clock/loop.ts'
import type { Random } from './clock/random.ts'
import type { Cluster } from './cluster.ts'
import type { Figures } from './figures.ts'
import { type GatewayOrder, newGatewayOrder, openTrade } from './gateway/gateway-order.ts'
import type { Gateways } from './gateway/gateways.ts'
import type { Notifier } from './gateway/notifier.ts'
import { scheduleTrade } from './gateway/trade-events.ts'
import type { SimMerchant } from './merchants/merchant.ts'
import type { CalledOrder, SimulatedNode } from './node.ts'
import type { FaultSchedule } from './plan/fault-schedule.ts'
import {
  adoptRequestOf,
  descriptionOf,
  drawPurchases,
  orderedOf,
  type Purchase,
  placeRequestOf,
  storedUser,
} from './plan/purchase.ts'
import type { Scenario } from './plan/scenario.ts'

export interface WorkloadParts {
  readonly scenario: Scenario
  readonly loop: Loop
  readonly random: Random
  readonly faults: FaultSchedule
  readonly figures: Figures
  readonly cluster: Cluster
  readonly gateways: Gateways
  readonly gatewayFaults: (merchant: SimMerchant) => FaultSchedule
  readonly notifier: (merchant: SimMerchant) => Notifier
  readonly outputChecks: OutputChecks
}

const minuteMs = 60_000

/** A customer gives up after this many tries. The gaps are short, so that all tries are before the end. */
const triesMax = 8

/** Everybody who acts on budan and the gateway: customers, merchant systems, operators, forgers. */
export class Workload {
  readonly #parts: WorkloadParts
  readonly #purchases = new Map<string, Purchase>()
  /** Purchases whose order was given up: the gateway accepts the next order with the same key. */
  readonly #abandoned = new Set<string>()

  constructor(parts: WorkloadParts) {
    this.#parts = parts
  }

  start(): void {
    const { scenario, random } = this.#parts
    for (const purchase of drawPurchases(random, scenario)) {
      this.#purchases.set(descriptionOf(purchase), purchase)
      this.#schedule(random.next() * scenario.arrivalMs, 'an order', () => this.#order(purchase))
    }
    this.#scheduleOperators()
  }

  /** budan has stored an order: adds it to the gateway's, if it is not there yet. */
  stored({ orderNo, mchid, description }: Order): void {
    const purchase = this.#purchases.get(description)
    if (purchase === undefined || this.#parts.gateways.orderOf({ mchid, orderNo })) return
    const gatewayOrder = this.#newGatewayOrder(purchase, orderNo)
    if (this.#abandoned.has(description)) gatewayOrder.refusesPrepay = false
  }

  #newGatewayOrder(purchase: Purchase, orderNo: string): GatewayOrder {
    const { gateways, scenario } = this.#parts
    const { merchant, plan } = purchase
    const gatewayOrder = newGatewayOrder(
      { orderNo, merchant, ...orderedOf(purchase, scenario) },
      plan,
    )
    gateways.of(merchant.mchid).gatewayOrders.set(orderNo, gatewayOrder)
    return gatewayOrder
  }

  #scheduleTrade(gatewayOrder: GatewayOrder): void {
    const { loop, random, gatewayFaults, gateways, notifier } = this.#parts
    const { merchant } = gatewayOrder
    scheduleTrade(
      {
        ...{ loop, random, faults: gatewayFaults(merchant) },
        ...{ gateway: gateways.of(merchant.mchid), notifier: notifier(merchant) },
      },
      gatewayOrder,
    )
  }

  #order(purchase: Purchase): void {
    this.#parts.figures.count('orders')
    if (purchase.plan.arrival === 'adopted') this.#adopt(purchase)
    else this.#place(purchase)
  }

  #adopt(purchase: Purchase): void {
    const { scenario, loop, random, outputChecks } = this.#parts
    const { plan, merchant } = purchase
    const gatewayOrder = this.#newGatewayOrder(purchase, purchase.number)
    const appearsMs = plan.kind === 'appears_late' ? plan.payAfterMs / 2 : 0
    if (plan.kind !== 'absent') {
      this.#schedule(appearsMs, 'a trade', () => openTrade(gatewayOrder, loop.now))
    }
    this.#scheduleTrade(gatewayOrder)
    const endMs = loop.now + scenario.recharge.orderTtlMins * minuteMs
    const expiresAt = new Date(Math.ceil(endMs / 1000) * 1000)
    const request = adoptRequestOf(purchase, { expiresAt, appids: scenario.appids })
    this.#retry('adopt', triesMax, async (node) => {
      const adoption = await node.adopt(request, merchant.mchid)
      if (adoption?.kind === 'merchant_unknown') throw new Error('try again')
      // An order that exists already may have been corrected since, so only a new one is compared.
      if (adoption?.kind === 'adopted') {
        outputChecks.orderReturned(adoption.order, asStored(request, merchant))
      }
    })
    if (plan.mistake !== null && random.chance(0.7)) this.#correctMistake(purchase)
    if (random.chance(0.1)) this.#adoptAsAnother(purchase, request)
  }

  /** A second adoption with another user or app id must be refused. */
  #adoptAsAnother(
    { merchant }: Purchase,
    request: AdoptRequest & { readonly appid: string },
  ): void {
    const { random, scenario, outputChecks } = this.#parts
    const other = { ...request, ...otherIdentity(request, { random, appids: scenario.appids }) }
    this.#schedule(random.skewed(1000, 20 * minuteMs), 'another adopts it', () =>
      this.#retry('adopt otherwise', 1, async (node) => {
        const adoption = await node.adopt(other, merchant.mchid)
        if (adoption?.kind === 'adopted' || adoption?.kind === 'exists') {
          outputChecks.orderReturned(adoption.order, asStored(other, merchant))
        }
      }),
    )
  }

  #place(purchase: Purchase): void {
    const { random } = this.#parts
    this.#placeOnce(purchase, triesMax)
    if (random.chance(0.1)) this.#reuseKey(purchase)
    // A payer who returns requests the code again.
    if (random.chance(0.2)) {
      const ttlMs = this.#parts.scenario.recharge.orderTtlMins * minuteMs
      this.#schedule(random.between(0, 1.1) * ttlMs, 'the payer is back', () =>
        this.#placeOnce(purchase, 1),
      )
    }
  }

  #placeOnce(purchase: Purchase, tries: number): void {
    const { gateways, outputChecks } = this.#parts
    const { merchant } = purchase
    const request = placeRequestOf(purchase)
    this.#retry('place', tries, async (node) => {
      const placement = await node.place(request, merchant.mchid)
      if (placement.kind === 'refused') this.#abandonRefused(purchase, placement.order)
      if (placement.kind === 'unanswered') throw new Error('try again')
      if (placement.kind !== 'placed') return
      const { order } = placement
      outputChecks.orderReturned(order, asStored(request, merchant))
      outputChecks.codeReturned(order)
      const gatewayOrder = gateways.orderOf(order)
      if (gatewayOrder === undefined || gatewayOrder.payerHasCode) return
      gatewayOrder.payerHasCode = true
      this.#scheduleTrade(gatewayOrder)
    })
  }

  /** The same key with other facts: a defect of a client, or two clients that share their keys. */
  #reuseKey(purchase: Purchase): void {
    const { random, scenario, outputChecks } = this.#parts
    const request = placeRequestOf(purchase)
    const other = { ...request, ...otherIdentity(request, { random, appids: scenario.appids }) }
    this.#schedule(random.skewed(1000, 20 * minuteMs), 'the key is used again', () =>
      this.#retry('place otherwise', 1, async (node) => {
        const { merchant } = purchase
        const placement = await node.place(other, merchant.mchid)
        if (placement.kind !== 'placed') return
        outputChecks.orderReturned(placement.order, asStored(other, merchant))
      }),
    )
  }

  /** The gateway refuses it: an operator gives it up, and it is placed again with the same key. */
  #abandonRefused(purchase: Purchase, { orderNo }: Order): void {
    const { random } = this.#parts
    const { mchid } = purchase.merchant
    if (this.#abandoned.has(descriptionOf(purchase)) || random.chance(0.4)) return
    this.#schedule(random.skewed(1000, 10 * minuteMs), 'operator gives it up', () =>
      this.#retry('give up', triesMax, async (node) => {
        const request = { reason: 'refused', actor: operator }
        const abandoned = await node.abandon({ orderNo, mchid }, request)
        if (abandoned?.kind === 'unanswered') throw new Error('try again')
        if (abandoned?.kind !== 'abandoned') return
        this.#abandoned.add(descriptionOf(purchase))
        this.#placeOnce(purchase, triesMax)
      }),
    )
  }

  /** An operator corrects the mistake of the adoption, before or after the payment. */
  #correctMistake({ merchant, number, user, amount, plan }: Purchase): void {
    const { random, scenario, outputChecks } = this.#parts
    const { mchid } = merchant
    const right = { userId: user, amount, appid: plan.appid }
    const ttlMs = scenario.recharge.orderTtlMins * minuteMs
    this.#schedule(random.skewed(1000, ttlMs), 'operator corrects it', () =>
      this.#retry('correct', triesMax, async (node) => {
        const request = { ...right, reason: 'adopted with a mistake', actor: operator }
        const corrected = await node.correct({ orderNo: number, mchid }, request)
        if (corrected?.kind === 'corrected') outputChecks.ofMerchant(corrected.order, mchid)
      }),
    )
  }

  /** Runs `work` on a random node, and again on another when it fails or dies, as a client does. */
  #retry(label: string, tries: number, work: (node: SimulatedNode) => Promise<void>): void {
    if (tries === 0) return
    const { cluster, random } = this.#parts
    let done = false
    const node = cluster.anyLive
    if (node !== undefined) {
      cluster.runOn(node, label, () =>
        work(node).then(
          () => {
            done = true
          },
          () => undefined,
        ),
      )
    }
    this.#schedule(random.between(8000, 16_000), `${label} again`, () => {
      if (!done) this.#retry(label, tries - 1, work)
    })
  }

  /** Schedules actions of operators at random times. */
  #scheduleOperators(): void {
    const { random, faults, cluster, gateways, scenario } = this.#parts
    if (faults.stopped) return
    this.#schedule(random.skewed(1000, scenario.operatorGapMsMax), 'operator', () =>
      this.#scheduleOperators(),
    )
    const node = cluster.anyLive
    if (node === undefined) return
    const orders = gateways.all.flatMap(({ gatewayOrders }) => [...gatewayOrders.values()])
    const order = orders[random.whole(0, Math.max(0, orders.length - 1))]
    const named = order?.merchant ?? random.pick(scenario.merchants)
    // Now and then the merchant is not said, or one is that does not have the order.
    const meant = random.chance(0.1) ? random.pick(scenario.merchants) : named
    const mchid = random.chance(0.2) ? null : meant.mchid
    this.#operatorAction(node, { orderNo: order?.orderNo ?? 'UNKNOWN', mchid })
  }

  #operatorAction(node: SimulatedNode, called: CalledOrder): void {
    const { random, cluster, outputChecks } = this.#parts
    const what = random.whole(0, 11)
    if (what <= 1) cluster.runOn(node, 'manual run', () => node.run(false))
    else if (what === 2) cluster.runOn(node, 'dry run', () => node.run(true))
    else if (what === 3) cluster.runOn(node, 'start again', async () => node.start())
    else if (what === 4) cluster.restart(node)
    else if (what === 10) this.#correctAtRandom(node, called)
    else if (what === 11) this.#abandonAtRandom(node, called)
    else {
      cluster.runOn(node, 'manual check', async () => {
        const report = await node.check(called)
        if (report !== null) outputChecks.ofMerchant(report.order, called.mchid)
      })
    }
  }

  /** A right or a wrong correction. A later credit is checked against the facts in force then. */
  #correctAtRandom(node: SimulatedNode, called: CalledOrder): void {
    const { random, cluster, scenario, loop, outputChecks } = this.#parts
    const ordered = this.#gatewayOrder(called)?.ordered
    const change = random.pick<Omit<CorrectRequest, 'reason' | 'actor'>>([
      { userId: `u${random.whole(0, 9)}` },
      { amount: BigInt((ordered?.amount ?? 1) + random.pick([0, 0, 1])) },
      { appid: random.pick(scenario.appids) },
      { expiresAt: new Date(loop.now + random.between(0, 20) * minuteMs) },
      { expiresAt: null },
    ])
    const request = { ...change, reason: 'a customer called', actor: operator }
    cluster.runOn(node, 'correct', async () => {
      const corrected = await node.correct(called, request)
      if (corrected?.kind === 'corrected') outputChecks.ofMerchant(corrected.order, called.mchid)
    })
  }

  /** Adopted orders in long worlds only: their late checks take weeks. */
  #abandonAtRandom(node: SimulatedNode, called: CalledOrder): void {
    const { cluster, scenario, outputChecks } = this.#parts
    if (this.#gatewayOrder(called)?.plan.arrival === 'adopted' && !scenario.isLong) return
    const request = { reason: 'not wanted', actor: operator }
    cluster.runOn(node, 'give up', async () => {
      const abandoned = await node.abandon(called, request)
      if (abandoned?.kind === 'abandoned') outputChecks.ofMerchant(abandoned.order, called.mchid)
    })
  }

  /** Of the merchant that is meant, else of any. */
  #gatewayOrder({ orderNo, mchid }: CalledOrder): GatewayOrder | undefined {
    const { gateways } = this.#parts
    if (mchid !== null) return gateways.orderOf({ mchid, orderNo })
    return gateways.all.map((each) => each.gatewayOrders.get(orderNo)).find((each) => each)
  }

  #schedule(ms: number, label: string, fire: () => void): void {
    this.#parts.loop.after(ms, { owner: null, label, fire })
  }
}

const operator = { name: 'desk', address: '192.0.2.1' } as const

/** The identity that the order of a request has. */
function asStored<T extends { readonly userId: string }>(request: T, merchant: SimMerchant) {
  const userId = storedUser(request.userId, merchant)
  return { ...request, userId, mchid: merchant.mchid }
}

/** Another user, or another app id if more than one is configured. */
function otherIdentity(
  { userId, appid }: { userId: string; appid: string },
  { random, appids }: { random: Random; appids: readonly string[] },
): { userId: string; appid: string } {
  const other = appids.find((one) => one !== appid)
  if (other === undefined || random.chance(0.5)) return { userId: `${userId}0`, appid }
  return { userId, appid: other }
}
