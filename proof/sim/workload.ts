import type { Order } from '../../src/domain/order.ts'
import type { AdoptRequest, CorrectRequest } from '../../src/orders/requests.ts'
import type { Loop } from './clock/loop.ts'
import type { Random } from './clock/random.ts'
import type { Cluster } from './cluster.ts'
import type { FaultSchedule } from './fault-schedule.ts'
import type { Figures } from './figures.ts'
import { type GatewayOrder, newGatewayOrder, openTrade } from './gateway/gateway-order.ts'
import type { Notifier } from './gateway/notifier.ts'
import type { GatewayServer } from './gateway/server.ts'
import type { SimulatedNode } from './node.ts'
import { drawOrderPlan, drawUnknownOrderPlan } from './order-plan.ts'
import type { OutputChecks } from './output-checks.ts'
import {
  adoptRequestOf,
  descriptionOf,
  orderedOf,
  orderNoOf,
  type Purchase,
  placeRequestOf,
  userOf,
} from './purchase.ts'
import type { Scenario } from './scenario.ts'

export interface WorkloadParts {
  readonly scenario: Scenario
  readonly loop: Loop
  readonly random: Random
  readonly faults: FaultSchedule
  readonly figures: Figures
  readonly cluster: Cluster
  readonly gateway: GatewayServer
  readonly notifier: Notifier
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
    const { orderCount, unknownOrderCount, arrivalMs } = scenario
    for (let count = 1; count <= orderCount + unknownOrderCount; count += 1) {
      const plan =
        count <= orderCount
          ? drawOrderPlan(random, scenario)
          : drawUnknownOrderPlan(random, scenario)
      const purchase = { count, plan, amount: BigInt(random.whole(1, 100_000)) }
      this.#purchases.set(descriptionOf(purchase), purchase)
      this.#schedule(random.next() * arrivalMs, 'an order', () => this.#order(purchase))
    }
    this.#scheduleOperators()
  }

  /** budan has stored an order: adds it to the gateway's, if it is not there yet. */
  stored({ orderNo, description }: Order): void {
    const { gateway, scenario } = this.#parts
    const purchase = this.#purchases.get(description)
    if (purchase === undefined || gateway.gatewayOrders.has(orderNo)) return
    const gatewayOrder = newGatewayOrder(
      { orderNo, ...orderedOf(purchase, scenario) },
      purchase.plan,
    )
    if (this.#abandoned.has(description)) gatewayOrder.refusesPrepay = false
    gateway.gatewayOrders.set(orderNo, gatewayOrder)
  }

  #order(purchase: Purchase): void {
    this.#parts.figures.count('orders')
    if (purchase.plan.arrival === 'adopted') this.#adopt(purchase)
    else this.#place(purchase)
  }

  #adopt(purchase: Purchase): void {
    const { scenario, loop, gateway, random, outputChecks } = this.#parts
    const { plan } = purchase
    const orderNo = orderNoOf(purchase, random)
    const gatewayOrder = newGatewayOrder({ orderNo, ...orderedOf(purchase, scenario) }, plan)
    gateway.gatewayOrders.set(orderNo, gatewayOrder)
    const appearsMs = plan.kind === 'appears_late' ? plan.payAfterMs / 2 : 0
    if (plan.kind !== 'absent') {
      this.#schedule(appearsMs, 'a trade', () => openTrade(gatewayOrder, loop.now))
    }
    this.#scheduleTrade(gatewayOrder)
    const endMs = loop.now + scenario.recharge.orderTtlMins * minuteMs
    const expiresAt = new Date(Math.ceil(endMs / 1000) * 1000)
    const request = adoptRequestOf(purchase, { orderNo, expiresAt, appids: scenario.appids })
    this.#retry('adopt', triesMax, async (node) => {
      const adoption = await node.adopt(request)
      // An order that exists already may have been corrected since, so only a new one is compared.
      if (adoption.kind === 'adopted') outputChecks.orderReturned(adoption.order, request)
    })
    if (plan.mistake !== null && random.chance(0.7)) this.#correctMistake(purchase, orderNo)
    if (random.chance(0.1)) this.#adoptAsAnother(request)
  }

  /** A second adoption with another user or app id must be refused. */
  #adoptAsAnother(request: AdoptRequest & { readonly appid: string }): void {
    const { random, scenario, outputChecks } = this.#parts
    const other = { ...request, ...otherIdentity(request, { random, appids: scenario.appids }) }
    this.#schedule(random.skewed(1000, 20 * minuteMs), 'another adopts it', () =>
      this.#retry('adopt otherwise', 1, async (node) => {
        const adoption = await node.adopt(other)
        if ('order' in adoption) outputChecks.orderReturned(adoption.order, other)
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
    const { gateway, outputChecks } = this.#parts
    const request = placeRequestOf(purchase)
    this.#retry('place', tries, async (node) => {
      const placement = await node.place(request)
      if (placement.kind === 'refused') this.#abandonRefused(purchase, placement.order)
      if (placement.kind === 'unanswered') throw new Error('try again')
      if (placement.kind !== 'placed') return
      const { order } = placement
      outputChecks.orderReturned(order, request)
      outputChecks.codeReturned(order)
      const gatewayOrder = gateway.gatewayOrders.get(order.orderNo)
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
        const placement = await node.place(other)
        if (placement.kind === 'placed') outputChecks.orderReturned(placement.order, other)
      }),
    )
  }

  /** The gateway refuses it: an operator gives it up, and it is placed again with the same key. */
  #abandonRefused(purchase: Purchase, { orderNo }: Order): void {
    const { random } = this.#parts
    if (this.#abandoned.has(descriptionOf(purchase)) || random.chance(0.4)) return
    this.#schedule(random.skewed(1000, 10 * minuteMs), 'operator gives it up', () =>
      this.#retry('give up', triesMax, async (node) => {
        const abandoned = await node.abandon(orderNo, { reason: 'refused', actor: operator })
        if (abandoned?.kind === 'unanswered') throw new Error('try again')
        if (abandoned?.kind !== 'abandoned') return
        this.#abandoned.add(descriptionOf(purchase))
        this.#placeOnce(purchase, triesMax)
      }),
    )
  }

  /** An operator corrects the mistake of the adoption, before or after the payment. */
  #correctMistake(purchase: Purchase, orderNo: string): void {
    const { random, scenario } = this.#parts
    const { amount, plan } = purchase
    const right = { userId: userOf(purchase), amount, appid: plan.appid }
    const ttlMs = scenario.recharge.orderTtlMins * minuteMs
    this.#schedule(random.skewed(1000, ttlMs), 'operator corrects it', () =>
      this.#retry('correct', triesMax, async (node) => {
        await node.correct(orderNo, { ...right, reason: 'adopted with a mistake', actor: operator })
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

  /** Schedules what the payer and the gateway do with the trade. */
  #scheduleTrade(gatewayOrder: GatewayOrder): void {
    const { random, gateway, notifier, faults } = this.#parts
    const { kind, payAfterMs } = gatewayOrder.plan
    const at = (ms: number, label: string, happen: () => void) =>
      this.#schedule(ms, label, () => {
        // No trade changes after the faults have stopped, so that the checks have a fixed target.
        if (!faults.stopped) happen()
      })
    const pay = () => gateway.pay(gatewayOrder)
    const turn = (state: 'USERPAYING' | 'PAYERROR' | 'CLOSED' | 'REVOKED') => () =>
      gateway.changeState(gatewayOrder, state)
    switch (kind) {
      case 'unpaid':
      case 'absent':
      case 'paid_before_close':
        break
      case 'paid_slowly':
        at(payAfterMs * 0.3, 'paying', turn('USERPAYING'))
        at(payAfterMs + random.skewed(0, 10 * minuteMs), 'paid', pay)
        break
      case 'pay_failed':
        at(payAfterMs * 0.5, 'paying', turn('USERPAYING'))
        at(payAfterMs, 'failed', turn('PAYERROR'))
        break
      case 'closed_there':
        at(payAfterMs, 'closed', turn('CLOSED'))
        break
      case 'revoked_there':
        at(payAfterMs, 'revoked', turn('REVOKED'))
        break
      case 'refunded':
        at(payAfterMs, 'paid', pay)
        at(payAfterMs + random.skewed(1000, 60 * minuteMs), 'refunded', () =>
          gateway.refund(gatewayOrder),
        )
        break
      case 'paid_twice':
        at(payAfterMs, 'paid', pay)
        at(payAfterMs + random.skewed(1000, 30 * minuteMs), 'paid', () =>
          gateway.payAgain(gatewayOrder),
        )
        break
      case 'paid_after_close':
      case 'paid_after_watch':
        at(payAfterMs, 'paid', () => gateway.pay(gatewayOrder, { force: true }))
        break
      case 'unlisted_then_paid':
      case 'unlisted_then_unpaid':
        at(payAfterMs * 0.2, 'unlisted', () =>
          gateway.giveUnlistedState(gatewayOrder, payAfterMs * 2),
        )
        if (kind === 'unlisted_then_paid') at(payAfterMs, 'paid', pay)
        break
      default:
        at(payAfterMs, 'paid', pay)
    }
    for (let forgeries = 0; forgeries < 3; forgeries += 1) {
      if (!faults.occurs('forgedCallback')) continue
      at(random.skewed(1000, 2 * payAfterMs), 'forgery', () => notifier.forge(gatewayOrder))
    }
  }

  /** Schedules actions of operators at random times. */
  #scheduleOperators(): void {
    const { random, faults, cluster, gateway, scenario } = this.#parts
    if (faults.stopped) return
    this.#schedule(random.skewed(1000, scenario.operatorGapMsMax), 'operator', () =>
      this.#scheduleOperators(),
    )
    const node = cluster.anyLive
    if (node === undefined) return
    const orderNos = [...gateway.gatewayOrders.keys()]
    const orderNo = orderNos[random.whole(0, orderNos.length - 1)] ?? 'UNKNOWN'
    this.#operatorAction(node, orderNo)
  }

  #operatorAction(node: SimulatedNode, orderNo: string): void {
    const { random, cluster } = this.#parts
    const what = random.whole(0, 11)
    if (what <= 1) cluster.runOn(node, 'manual run', () => node.run(false))
    else if (what === 2) cluster.runOn(node, 'dry run', () => node.run(true))
    else if (what === 3) cluster.runOn(node, 'start again', async () => node.start())
    else if (what === 4) cluster.restart(node)
    else if (what === 10) this.#correctAtRandom(node, orderNo)
    else if (what === 11) this.#abandonAtRandom(node, orderNo)
    else cluster.runOn(node, 'manual check', () => node.check(orderNo))
  }

  /** A right or a wrong correction. A later credit is checked against the facts in force then. */
  #correctAtRandom(node: SimulatedNode, orderNo: string): void {
    const { random, cluster, scenario, gateway, loop } = this.#parts
    const ordered = gateway.gatewayOrders.get(orderNo)?.ordered
    const change = random.pick<Omit<CorrectRequest, 'reason' | 'actor'>>([
      { userId: `u${random.whole(0, 9)}` },
      { amount: BigInt((ordered?.amount ?? 1) + random.pick([0, 0, 1])) },
      { appid: random.pick(scenario.appids) },
      { expiresAt: new Date(loop.now + random.between(0, 20) * minuteMs) },
      { expiresAt: null },
    ])
    const request = { ...change, reason: 'a customer called', actor: operator }
    cluster.runOn(node, 'correct', () => node.correct(orderNo, request))
  }

  /** Adopted orders in long worlds only: their late checks take weeks. */
  #abandonAtRandom(node: SimulatedNode, orderNo: string): void {
    const { cluster, scenario, gateway } = this.#parts
    if (gateway.gatewayOrders.get(orderNo)?.plan.arrival === 'adopted' && !scenario.isLong) return
    const request = { reason: 'not wanted', actor: operator }
    cluster.runOn(node, 'give up', () => node.abandon(orderNo, request))
  }

  #schedule(ms: number, label: string, fire: () => void): void {
    this.#parts.loop.after(ms, { owner: null, label, fire })
  }
}

const operator = { name: 'desk', address: '192.0.2.1' } as const

/** Another user, or another app id if more than one is configured. */
function otherIdentity(
  { userId, appid }: { userId: string; appid: string },
  { random, appids }: { random: Random; appids: readonly string[] },
): { userId: string; appid: string } {
  const other = appids.find((one) => one !== appid)
  if (other === undefined || random.chance(0.5)) return { userId: `${userId}0`, appid }
  return { userId, appid: other }
}
