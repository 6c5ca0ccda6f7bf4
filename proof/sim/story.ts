import type { Order } from '../../src/domain/order.ts'
import type { AdoptRequest, CorrectRequest } from '../../src/orders/requests.ts'
import type { Loop } from './clock/loop.ts'
import type { Random } from './clock/random.ts'
import type { Cluster } from './cluster.ts'
import { drawCrowdFate, drawFate } from './fate.ts'
import type { Figures } from './figures.ts'
import { type Dossier, openDossier, openTrade } from './gateway/book.ts'
import type { Notifier } from './gateway/notifier.ts'
import type { GatewayServer } from './gateway/server.ts'
import type { SimulatedNode } from './node.ts'
import type { Outside } from './outside.ts'
import {
  adoptRequestOf,
  descriptionOf,
  numberOf,
  orderedOf,
  type Purchase,
  placeRequestOf,
  userOf,
} from './purchase.ts'
import type { Scenario } from './scenario.ts'
import type { Weather } from './weather.ts'

export interface StoryParts {
  readonly scenario: Scenario
  readonly loop: Loop
  readonly random: Random
  readonly weather: Weather
  readonly figures: Figures
  readonly cluster: Cluster
  readonly gateway: GatewayServer
  readonly notifier: Notifier
  readonly outside: Outside
}

const minuteMs = 60_000

/** A customer gives up after so many tries; the gaps are short, so all of them are before the end. */
const triesMax = 8

/** Those outside: customers who order and pay, shops, people who click and correct, liars. */
export class Story {
  readonly #parts: StoryParts
  readonly #purchases = new Map<string, Purchase>()
  /** Purchases whose order was given up: the next one of the same key the gateway takes. */
  readonly #givenUp = new Set<string>()

  constructor(parts: StoryParts) {
    this.#parts = parts
  }

  begin(): void {
    const { scenario, random } = this.#parts
    const { orderCount, crowdCount, arrivalMs } = scenario
    for (let count = 1; count <= orderCount + crowdCount; count += 1) {
      const fate =
        count <= orderCount ? drawFate(random, scenario) : drawCrowdFate(random, scenario)
      const purchase = { count, fate, amount: BigInt(random.whole(1, 100_000)) }
      this.#purchases.set(descriptionOf(purchase), purchase)
      this.#world(random.next() * arrivalMs, 'an order', () => this.#order(purchase))
    }
    this.#meddle()
  }

  /** budan has stored an order; if the gateway has not heard of it, it may now. */
  stored({ orderNo, description }: Order): void {
    const { gateway, scenario } = this.#parts
    const purchase = this.#purchases.get(description)
    if (purchase === undefined || gateway.dossiers.has(orderNo)) return
    const dossier = openDossier({ orderNo, ...orderedOf(purchase, scenario) }, purchase.fate)
    if (this.#givenUp.has(description)) dossier.refusesPrepay = false
    gateway.dossiers.set(orderNo, dossier)
  }

  #order(purchase: Purchase): void {
    this.#parts.figures.count('orders')
    if (purchase.fate.arrival === 'adopted') this.#adopt(purchase)
    else this.#place(purchase)
  }

  #adopt(purchase: Purchase): void {
    const { scenario, loop, gateway, random, outside } = this.#parts
    const { fate } = purchase
    const orderNo = numberOf(purchase, random)
    const dossier = openDossier({ orderNo, ...orderedOf(purchase, scenario) }, fate)
    gateway.dossiers.set(orderNo, dossier)
    const appearsMs = fate.kind === 'appears_late' ? fate.payAfterMs / 2 : 0
    if (fate.kind !== 'absent') {
      this.#world(appearsMs, 'a trade', () => openTrade(dossier, loop.now))
    }
    this.#live(dossier)
    const endMs = loop.now + scenario.recharge.orderTtlMins * minuteMs
    const expiresAt = new Date(Math.ceil(endMs / 1000) * 1000)
    const request = adoptRequestOf(purchase, { orderNo, expiresAt, appids: scenario.appids })
    this.#try('adopt', triesMax, async (node) => {
      const adoption = await node.adopt(request)
      // Somebody may have corrected it since.
      if (adoption.kind === 'adopted') outside.told(adoption.order, request)
    })
    if (fate.mistake !== null && random.chance(0.7)) this.#repair(purchase, orderNo)
    if (random.chance(0.1)) this.#misadopt(request)
  }

  /** Whoever adopts it again as somebody else's, or under another app id, must not be told "yes". */
  #misadopt(request: AdoptRequest & { readonly appid: string }): void {
    const { random, scenario, outside } = this.#parts
    const other = { ...request, ...otherThan(request, { random, appids: scenario.appids }) }
    this.#world(random.skewed(1000, 20 * minuteMs), 'another adopts it', () =>
      this.#try('adopt otherwise', 1, async (node) => {
        const adoption = await node.adopt(other)
        if ('order' in adoption) outside.told(adoption.order, other)
      }),
    )
  }

  #place(purchase: Purchase): void {
    const { random } = this.#parts
    this.#placeOnce(purchase, triesMax)
    if (random.chance(0.1)) this.#misplace(purchase)
    // A payer who comes back wants the code again.
    if (random.chance(0.2)) {
      const ttlMs = this.#parts.scenario.recharge.orderTtlMins * minuteMs
      this.#world(random.between(0, 1.1) * ttlMs, 'the payer is back', () =>
        this.#placeOnce(purchase, 1),
      )
    }
  }

  #placeOnce(purchase: Purchase, tries: number): void {
    const { gateway, outside } = this.#parts
    const request = placeRequestOf(purchase)
    this.#try('place', tries, async (node) => {
      const placement = await node.place(request)
      if (placement.kind === 'refused') this.#giveUp(purchase, placement.order)
      if (placement.kind === 'unanswered') throw new Error('to be tried again')
      if (placement.kind !== 'placed') return
      const { order } = placement
      outside.told(order, request)
      outside.handedOut(order)
      const dossier = gateway.dossiers.get(order.orderNo)
      if (dossier === undefined || dossier.codeGiven) return
      dossier.codeGiven = true
      this.#live(dossier)
    })
  }

  /** The same key for something else: a mistake of a program, or of two that share their keys. */
  #misplace(purchase: Purchase): void {
    const { random, scenario, outside } = this.#parts
    const request = placeRequestOf(purchase)
    const other = { ...request, ...otherThan(request, { random, appids: scenario.appids }) }
    this.#world(random.skewed(1000, 20 * minuteMs), 'the key is used again', () =>
      this.#try('place otherwise', 1, async (node) => {
        const placement = await node.place(other)
        if (placement.kind === 'placed') outside.told(placement.order, other)
      }),
    )
  }

  /** The gateway will not have it: a person gives it up, and it is placed anew with the same key. */
  #giveUp(purchase: Purchase, { orderNo }: Order): void {
    const { random } = this.#parts
    if (this.#givenUp.has(descriptionOf(purchase)) || random.chance(0.4)) return
    this.#world(random.skewed(1000, 10 * minuteMs), 'somebody gives it up', () =>
      this.#try('give up', triesMax, async (node) => {
        const abandoned = await node.abandon(orderNo, { reason: 'refused', actor: person })
        if (abandoned?.kind === 'unanswered') throw new Error('to be tried again')
        if (abandoned?.kind !== 'abandoned') return
        this.#givenUp.add(descriptionOf(purchase))
        this.#placeOnce(purchase, triesMax)
      }),
    )
  }

  /** What was told wrongly is put right, before or after it was paid. */
  #repair(purchase: Purchase, orderNo: string): void {
    const { random, scenario } = this.#parts
    const { amount, fate } = purchase
    const right = { userId: userOf(purchase), amount, appid: fate.appid }
    const ttlMs = scenario.recharge.orderTtlMins * minuteMs
    this.#world(random.skewed(1000, ttlMs), 'somebody corrects it', () =>
      this.#try('correct', triesMax, async (node) => {
        await node.correct(orderNo, { ...right, reason: 'told wrongly', actor: person })
      }),
    )
  }

  /** By some node, and by another when that one fails or dies: as a client with its key does. */
  #try(label: string, tries: number, work: (node: SimulatedNode) => Promise<void>): void {
    if (tries === 0) return
    const { cluster, random } = this.#parts
    let done = false
    const node = cluster.any
    if (node !== undefined) {
      cluster.as(node, label, () =>
        work(node).then(
          () => {
            done = true
          },
          () => undefined,
        ),
      )
    }
    this.#world(random.between(8000, 16_000), `${label} again`, () => {
      if (!done) this.#try(label, tries - 1, work)
    })
  }

  /** What the payer and the gateway make of it. */
  #live(dossier: Dossier): void {
    const { random, gateway, notifier, weather } = this.#parts
    const { kind, payAfterMs } = dossier.fate
    const at = (ms: number, label: string, happen: () => void) =>
      this.#world(ms, label, () => {
        // Once faults have stopped nothing new happens to a trade: what is demanded is of what was.
        if (!weather.stopped) happen()
      })
    const pay = () => gateway.pay(dossier)
    const turn = (state: 'USERPAYING' | 'PAYERROR' | 'CLOSED' | 'REVOKED') => () =>
      gateway.turn(dossier, state)
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
          gateway.refund(dossier),
        )
        break
      case 'paid_twice':
        at(payAfterMs, 'paid', pay)
        at(payAfterMs + random.skewed(1000, 30 * minuteMs), 'paid', () => gateway.payAgain(dossier))
        break
      case 'paid_after_close':
      case 'paid_after_watch':
        at(payAfterMs, 'paid', () => gateway.pay(dossier, { force: true }))
        break
      case 'unlisted_then_paid':
      case 'unlisted_then_unpaid':
        at(payAfterMs * 0.2, 'unlisted', () => gateway.unlist(dossier, payAfterMs * 2))
        if (kind === 'unlisted_then_paid') at(payAfterMs, 'paid', pay)
        break
      default:
        at(payAfterMs, 'paid', pay)
    }
    for (let lies = 0; lies < 3; lies += 1) {
      if (!weather.strikes('forgedCallback')) continue
      at(random.skewed(1000, 2 * payAfterMs), 'forgery', () => notifier.forge(dossier))
    }
  }

  /** People and timers that come at any moment. */
  #meddle(): void {
    const { random, weather, cluster, gateway, scenario } = this.#parts
    if (weather.stopped) return
    this.#world(random.skewed(1000, scenario.meddleMsMax), 'somebody', () => this.#meddle())
    const node = cluster.any
    if (node === undefined) return
    const orderNos = [...gateway.dossiers.keys()]
    const orderNo = orderNos[random.whole(0, orderNos.length - 1)] ?? 'NOBODY'
    this.#meddleWith(node, orderNo)
  }

  #meddleWith(node: SimulatedNode, orderNo: string): void {
    const { random, cluster } = this.#parts
    const what = random.whole(0, 11)
    if (what <= 1) cluster.as(node, 'manual run', () => node.run(false))
    else if (what === 2) cluster.as(node, 'dry run', () => node.run(true))
    else if (what === 3) cluster.as(node, 'start again', async () => node.start())
    else if (what === 4) cluster.restart(node)
    else if (what === 10) this.#correctSomehow(node, orderNo)
    else if (what === 11) this.#abandonSomething(node, orderNo)
    else cluster.as(node, 'manual check', () => node.check(orderNo))
  }

  /** Rightly or wrongly: what is credited afterwards goes by what is in force then. */
  #correctSomehow(node: SimulatedNode, orderNo: string): void {
    const { random, cluster, scenario, gateway, loop } = this.#parts
    const ordered = gateway.dossiers.get(orderNo)?.ordered
    const change = random.pick<Omit<CorrectRequest, 'reason' | 'actor'>>([
      { userId: `u${random.whole(0, 9)}` },
      { amount: BigInt((ordered?.amount ?? 1) + random.pick([0, 0, 1])) },
      { appid: random.pick(scenario.appids) },
      { expiresAt: new Date(loop.now + random.between(0, 20) * minuteMs) },
      { expiresAt: null },
    ])
    const request = { ...change, reason: 'a customer called', actor: person }
    cluster.as(node, 'correct', () => node.correct(orderNo, request))
  }

  /** Of adopted ones in long worlds alone: weeks may pass before such an order is asked about again. */
  #abandonSomething(node: SimulatedNode, orderNo: string): void {
    const { cluster, scenario, gateway } = this.#parts
    if (gateway.dossiers.get(orderNo)?.fate.arrival === 'adopted' && !scenario.isLong) return
    const request = { reason: 'nobody wants it', actor: person }
    cluster.as(node, 'give up', () => node.abandon(orderNo, request))
  }

  #world(ms: number, label: string, fire: () => void): void {
    this.#parts.loop.after(ms, { owner: null, label, fire })
  }
}

const person = { name: 'desk', address: '192.0.2.1' } as const

/** Another user, or another app id where there is one. */
function otherThan(
  { userId, appid }: { userId: string; appid: string },
  { random, appids }: { random: Random; appids: readonly string[] },
): { userId: string; appid: string } {
  const other = appids.find((one) => one !== appid)
  if (other === undefined || random.chance(0.5)) return { userId: `${userId}0`, appid }
  return { userId, appid: other }
}
