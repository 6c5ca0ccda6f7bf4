import type { Chance } from '../../packages/simulator/src/chance.ts'
import { Api, type Reply } from '../campaign/load/api.ts'
import { pause } from '../campaign/wait.ts'
import type { Cluster, Version } from './cluster.ts'
import { type Party, ttlMs } from './settings.ts'

/** What a caller ordered, and what nodes answered. */
export interface Purchase {
  readonly party: Party
  readonly userId: string
  readonly amount: number
  /** Null: it was adopted. */
  readonly key: string | null
  orderNo: string | null
  /** A node answered that it has it. */
  acknowledged: boolean
}

/** One answer to a caller; null: there was none. */
export interface Answer {
  readonly phase: string
  readonly status: number | null
  readonly code: string | null
  readonly ms: number
  /** A node was being stopped at the request, or at its end. */
  readonly isAtStop: boolean
}

interface TrafficOptions {
  readonly cluster: Cluster
  readonly token: string
  readonly chance: Chance
  readonly ordersPerSecond: number
  /** Of the numbers of adopted orders. */
  readonly prefix: string
}

/** Callers and payers of several merchants: orders are placed, adopted, paid; two callbacks in five are lost. */
export class Traffic {
  readonly purchases: Purchase[] = []
  readonly answers: Answer[] = []
  /** Whose orders are placed. */
  parties: readonly Party[] = []
  phase = ''
  readonly #options: TrafficOptions
  readonly #api: Api
  readonly #underWay = new Set<Promise<void>>()
  #count = 0

  constructor(options: TrafficOptions) {
    this.#options = options
    this.#api = new Api(options.token)
  }

  /** Until the signal aborts; resolves when every caller and payer is done. */
  async run(signal: AbortSignal): Promise<void> {
    const { chance, ordersPerSecond } = this.#options
    while (!signal.aborted) {
      this.#count += 1
      const party = this.parties[this.#count % this.parties.length]
      if (party !== undefined) this.#track(this.#buy(party, this.#count))
      const gap = 2 * chance.fraction('gap', this.#count)
      await pause((1_000 / ordersPerSecond) * gap, signal)
      while (this.#underWay.size >= underWayMax && !signal.aborted) await pause(100, signal)
    }
    await Promise.all(this.#underWay)
    await this.#api.close()
  }

  /** Adopts a number that is given, as another system placed it; the same order again where it was refused. */
  async adopt(party: Party, orderNo: string, version?: Version): Promise<Reply | null> {
    const isIt = (each: Purchase) => each.party === party && each.orderNo === orderNo
    const refused = this.purchases.find((each) => isIt(each) && !each.acknowledged)
    const purchase = refused ?? this.#newPurchase(party, { key: null, orderNo })
    const times = await this.#putTrade(purchase, { forMs: 600_000 })
    const ports = this.#options.cluster.portsFor(party, version)
    return this.#order(purchase, { body: adoptionOf(purchase, times), tries: 1, ports })
  }

  async place(party: Party, key: string): Promise<Reply | null> {
    const purchase = this.#newPurchase(party, { key, orderNo: null })
    return this.#order(purchase, { body: placementOf(purchase), key, tries: 1 })
  }

  /** The payer pays, and the callback is lost or sent. False: the trade cannot be paid. */
  async pay(
    { party, orderNo }: Pick<Purchase, 'party' | 'orderNo'>,
    { callback }: { callback: boolean },
  ): Promise<boolean> {
    const paid = await party.gateway.control('POST', `/orders/${orderNo}/pay`, { callback })
    return paid !== null
  }

  /** Null: no node of that version answered. */
  async read(party: Party, path: string, version?: Version): Promise<Reply | null> {
    const [port] = this.#options.cluster.portsFor(party, version)
    return port === undefined ? null : this.#api.call(port, { method: 'GET', path })
  }

  async #buy(party: Party, index: number): Promise<void> {
    const { chance, prefix } = this.#options
    const draw = (what: string) => chance.fraction('order', index, what)
    const isAdopted = draw('adopted') < 0.4
    const key = isAdopted ? null : `${prefix}-${index}`
    const orderNo = isAdopted ? `${prefix}${String(index).padStart(8, '0')}` : null
    const purchase = this.#newPurchase(party, { key, orderNo })
    if (key === null) {
      const body = adoptionOf(purchase, await this.#putTrade(purchase, { forMs: ttlMs }))
      await this.#order(purchase, { body, tries: triesMax })
    } else {
      await this.#order(purchase, { body: placementOf(purchase), key, tries: triesMax })
    }
    if (!purchase.acknowledged || draw('pays') > 0.85) return
    await new Promise((resolve) => setTimeout(resolve, 1_500 * draw('moment')))
    await this.pay(purchase, { callback: draw('lost') > 0.4 })
  }

  #newPurchase(party: Party, { key, orderNo }: Pick<Purchase, 'key' | 'orderNo'>): Purchase {
    const nth = this.purchases.length
    const facts = { userId: `u${nth}`, amount: 100 + nth }
    const purchase: Purchase = { party, ...facts, key, orderNo, acknowledged: false }
    this.purchases.push(purchase)
    return purchase
  }

  async #putTrade(
    { party, orderNo, amount }: Purchase,
    { forMs }: { forMs: number },
  ): Promise<object> {
    const now = Date.now()
    const times = {
      created_at: new Date(now).toISOString(),
      expires_at: new Date(now + forMs).toISOString(),
    }
    const trade = { out_trade_no: orderNo, total: amount, notify_url: party.notifyUrl, ...times }
    await party.gateway.control('POST', '/orders', trade)
    return times
  }

  /** As a careful caller does: the same again, at another node, until there is an answer below 500. */
  async #order(
    purchase: Purchase,
    { tries, ...given }: Wanted & { tries: number },
  ): Promise<Reply | null> {
    for (let nth = 1; ; nth += 1) {
      const reply = await this.#call(purchase.party, given)
      if (reply !== null && reply.status < 300) {
        purchase.orderNo = String(reply.body.order_no)
        purchase.acknowledged = true
      }
      if ((reply !== null && reply.status < 500) || nth >= tries) return reply
      await new Promise((resolve) => setTimeout(resolve, 100 * nth))
    }
  }

  async #call(party: Party, { ports: given, ...wanted }: Wanted): Promise<Reply | null> {
    const { cluster, chance } = this.#options
    const ports = given ?? cluster.portsFor(party)
    const at = chance.fraction('port', this.answers.length)
    const port = ports[Math.floor(at * ports.length)] ?? 0
    // The version before knows no member for the merchant.
    const named = cluster.knowsSeveral(port) ? { merchant: party.name } : {}
    const { phase } = this
    const wasAtStop = cluster.isStopping
    const startedAt = performance.now()
    const reply = await this.#api.call(port, {
      ...{ method: 'POST', path: '/v1/orders', ...wanted, body: { ...wanted.body, ...named } },
    })
    this.answers.push({
      ...{ phase, status: reply?.status ?? null },
      code: typeof reply?.body.code === 'string' ? reply.body.code : null,
      ms: performance.now() - startedAt,
      isAtStop: wasAtStop || cluster.isStopping,
    })
    return reply
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
  }
}

interface Wanted {
  readonly body: object
  readonly key?: string
  /** Of the nodes to send it to; without: any. */
  readonly ports?: readonly number[]
}

/** On a machine that cannot keep up, fewer orders are placed instead of ever more callers waiting. */
const underWayMax = 30

/** A node that is being replaced is away for less than that. */
const triesMax = 20

function placementOf({ userId, amount }: Purchase): object {
  return { user_id: userId, amount, description: 'upgrade' }
}

function adoptionOf({ orderNo, userId, amount }: Purchase, times: object): object {
  return { adopt: true, order_no: orderNo, user_id: userId, amount, ...times }
}
