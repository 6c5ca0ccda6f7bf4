import type { Order } from '../../src/order.ts'
import type { Loop } from './clock/loop.ts'
import type { Random } from './clock/random.ts'
import type { Cluster } from './cluster.ts'
import { drawFate, type Fate } from './fate.ts'
import type { Figures } from './figures.ts'
import { type Dossier, openDossier, openTrade } from './gateway/book.ts'
import type { Notifier } from './gateway/notifier.ts'
import type { GatewayServer } from './gateway/server.ts'
import type { SimulatedNode } from './node.ts'
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
}

interface Purchase {
  readonly count: number
  readonly fate: Fate
  readonly amount: bigint
}

const minuteMs = 60_000

/** A customer gives up after so many tries; the gaps are short, so all of them are before the end. */
const triesMax = 8

/** Those outside: customers who order and pay, people who click, liars. */
export class Story {
  readonly #parts: StoryParts
  readonly #fates = new Map<string, Fate>()

  constructor(parts: StoryParts) {
    this.#parts = parts
  }

  begin(): void {
    const { scenario, random } = this.#parts
    for (let count = 1; count <= scenario.orderCount; count += 1) {
      const fate = drawFate(random, scenario)
      const purchase = { count, fate, amount: BigInt(random.whole(1, 100_000)) }
      this.#fates.set(descriptionOf(purchase), fate)
      this.#world(random.next() * scenario.arrivalMs, 'an order', () => this.#order(purchase))
    }
    this.#meddle()
  }

  /** budan has stored an order; if the gateway has not heard of it, it may now. */
  stored({ orderNo, amount, currency, description }: Order): void {
    const { dossiers } = this.#parts.gateway
    const fate = this.#fates.get(description)
    if (fate === undefined || dossiers.has(orderNo)) return
    dossiers.set(orderNo, openDossier({ orderNo, amount: Number(amount), currency }, fate))
  }

  #order(purchase: Purchase): void {
    this.#parts.figures.count('orders')
    if (purchase.fate.arrival === 'adopted') this.#adopt(purchase)
    else this.#place(purchase)
  }

  #adopt(purchase: Purchase): void {
    const { scenario, loop, gateway } = this.#parts
    const { fate, amount } = purchase
    const orderNo = `SHOP${String(purchase.count).padStart(6, '0')}`
    const dossier = openDossier({ orderNo, amount: Number(amount), currency: 'CNY' }, fate)
    gateway.dossiers.set(orderNo, dossier)
    const appearsMs = fate.kind === 'appears_late' ? fate.payAfterMs / 2 : 0
    if (fate.kind !== 'absent') this.#world(appearsMs, 'a trade', () => openTrade(dossier))
    this.#live(dossier)
    const endMs = loop.now + scenario.recharge.orderTtlMins * minuteMs
    const request = {
      ...{ orderNo, amount, description: descriptionOf(purchase), createdAt: null },
      userId: userOf(purchase),
      expiresAt: new Date(Math.ceil(endMs / 1000) * 1000),
    }
    this.#try('adopt', triesMax, async (node) => void (await node.adopt(request)))
  }

  #place(purchase: Purchase): void {
    const request = {
      ...{ userId: userOf(purchase), amount: purchase.amount, attach: null },
      description: descriptionOf(purchase),
      idempotencyKey: `key-${purchase.count}`,
    }
    this.#try('place', triesMax, async (node) => {
      const placement = await node.place(request)
      if (placement.kind === 'unanswered') throw new Error('to be tried again')
      if (placement.kind !== 'placed') return
      const dossier = this.#parts.gateway.dossiers.get(placement.order.orderNo)
      if (dossier === undefined || dossier.codeGiven) return
      dossier.codeGiven = true
      this.#live(dossier)
    })
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
    const { random, weather, cluster, gateway } = this.#parts
    if (weather.stopped) return
    this.#world(random.skewed(1000, 15 * minuteMs), 'somebody', () => this.#meddle())
    const node = cluster.any
    if (node === undefined) return
    const orderNos = [...gateway.dossiers.keys()]
    const orderNo = orderNos[random.whole(0, orderNos.length - 1)] ?? 'NOBODY'
    this.#meddleWith(node, orderNo)
  }

  #meddleWith(node: SimulatedNode, orderNo: string): void {
    const { random, cluster } = this.#parts
    const what = random.whole(0, 9)
    if (what <= 1) cluster.as(node, 'manual run', () => node.run(false))
    else if (what === 2) cluster.as(node, 'dry run', () => node.run(true))
    else if (what === 3) cluster.as(node, 'start again', async () => node.start())
    else if (what === 4) cluster.restart(node)
    else cluster.as(node, 'manual check', () => node.check(orderNo))
  }

  #world(ms: number, label: string, fire: () => void): void {
    this.#parts.loop.after(ms, { owner: null, label, fire })
  }
}

function descriptionOf({ count }: Purchase): string {
  return `purchase ${count}`
}

function userOf({ count }: Purchase): string {
  return `u${count % 5}`
}
