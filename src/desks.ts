import type { Desk } from './desk.ts'
import { assert } from './domain/assert.ts'
import {
  type ConfiguredMerchant,
  isSameMerchant,
  type MerchantIdentity,
  merchantIdentity,
} from './domain/merchant.ts'
import type { Merchant, Order } from './domain/order.ts'
import type { ClockSkew, Clocks } from './domain/runs/clocks.ts'
import type { Run, RunResult } from './domain/runs/run.ts'
import { type Running, type RunRequest, startRun } from './job/scan.ts'
import { type Adoption, adoptOrders } from './orders/adopt.ts'
import type { AdoptRequest } from './orders/requests.ts'
import { type Traced, traceTransaction } from './orders/trace.ts'
import { findOrder, type OrderName } from './store/find-order.ts'
import type { Store } from './store/store.ts'
import type { MerchantReading } from './telemetry/gauges.ts'

/** Which merchant is meant, by its name in the configuration. */
export interface OfMerchant {
  /**
   * Null or absent: the only merchant; of an order, the only one that has its number. An order of a
   * merchant that is not configured is found by `wechatpay/1900000001`, gateway and merchant number.
   */
  readonly merchant?: string | null | undefined
}

/** A merchant with the name that it has in the configuration. */
export interface NamedMerchant extends ConfiguredMerchant {
  readonly name: string
}

/** A merchant was not named although there are several, or the name is none of theirs. */
export class MerchantError extends Error {
  override readonly name = 'MerchantError'
  readonly code: 'merchant_required' | 'merchant_unknown'

  constructor(code: MerchantError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** The desks of a service, one for each merchant. */
export class Desks {
  readonly all: readonly Desk[]
  readonly first: Desk

  constructor(all: readonly [Desk, ...Desk[]]) {
    this.all = all
    this.first = all[0]
  }

  get merchants(): readonly ConfiguredMerchant[] {
    return this.all.map(({ merchant }) => merchant)
  }

  get #named(): readonly NamedMerchant[] {
    return this.all.map(({ name, merchant }) => ({ ...merchant, name }))
  }

  get clocks(): readonly Clocks[] {
    return this.all.map(({ clocks }) => clocks)
  }

  /** For metrics. */
  get readings(): readonly MerchantReading[] {
    const now = performance.now()
    return this.all.map(({ name, breaker, backlog }) => ({
      ...{ name, breakerReason: breaker.reason, answers: breaker.answers },
      backlog: backlog.latest(now),
    }))
  }

  /** Of the clocks of any merchant; null: all agree. */
  get disagreement(): string | null {
    return this.all.find(({ clocks }) => clocks.disagreement !== null)?.clocks.disagreement ?? null
  }

  /** Of each pair the farthest apart. */
  get skews(): readonly ClockSkew[] {
    const farthest = new Map<ClockSkew['pair'], ClockSkew>()
    for (const skew of this.all.flatMap(({ clocks }) => clocks.skews)) {
      const before = farthest.get(skew.pair)
      const isFarther = before === undefined || Math.abs(skew.aheadMs) > Math.abs(before.aheadMs)
      if (isFarther) farthest.set(skew.pair, skew)
    }
    return [...farthest.values()]
  }

  /** Throws `MerchantError`. */
  named({ merchant: name = null }: OfMerchant): Desk {
    if (name !== null) {
      const desk = this.all.find((each) => each.name === name)
      if (desk === undefined) throw unknownMerchant(name)
      return desk
    }
    if (this.all.length > 1) throw new MerchantError('merchant_required', this.#required())
    return this.first
  }

  /**
   * Where callbacks without a merchant in their path belong: to the one named `default`, or to the only one.
   * Null: to none.
   */
  get unnamed(): Desk | null {
    const named = this.all.find(({ name }) => name === defaultName)
    return named ?? (this.all.length === 1 ? this.first : null)
  }

  /**
   * The desk of an order's merchant. An order of a merchant that is not configured is at no desk: any of
   * them answers that it cannot be queried.
   */
  of(order: Merchant): Desk {
    return this.all.find(({ merchant }) => isSameMerchant(merchant, order)) ?? this.first
  }

  /** Null: not here. Throws `MerchantError` and `SeveralOrdersError`. */
  async find(
    store: Pick<Store, 'findOrders'>,
    { orderNo, ...which }: OfMerchant & { readonly orderNo: string },
  ): Promise<Order | null> {
    return findOrder(store, { orderNo, merchant: this.#whose(which) })
  }

  /** Null: it is not said. Throws `MerchantError`. */
  #whose(which: OfMerchant): MerchantIdentity | null {
    return which.merchant == null ? null : this.identityOf(which.merchant)
  }

  /** See `OfMerchant`. Throws `MerchantError`. */
  identityOf(name: string): MerchantIdentity {
    return merchantNamed(this.#named, name)
  }

  /** The desk for an order, and the order's whole name. */
  async nameOf(
    store: Pick<Store, 'findOrders'>,
    { orderNo, ...which }: OfMerchant & { readonly orderNo: string },
  ): Promise<{ readonly desk: Desk; readonly name: Required<OrderName> }> {
    // With one merchant the order is looked for once, by the step that works on it.
    if (this.all.length === 1 && which.merchant == null) {
      return { desk: this.first, name: { orderNo, merchant: null } }
    }
    const order = await this.find(store, { orderNo, ...which })
    if (order !== null) return { desk: this.of(order), name: { orderNo, merchant: order } }
    // Not here: the next look-up must not find an order of another merchant than was meant.
    const whose = this.#whose(which) ?? this.first.merchant
    const desk = this.all.find(({ merchant }) => isSameMerchant(merchant, whose)) ?? this.first
    return { desk, name: { orderNo, merchant: whose } }
  }

  /** Where a callback belongs. Throws `MerchantError`. */
  calledBack(which: OfMerchant): Desk {
    if (which.merchant != null) return this.named(which)
    const desk = this.unnamed
    if (desk === null) throw new MerchantError('merchant_required', this.#required())
    return desk
  }

  #required(): string {
    const names = this.all.map(({ name }) => name).join(', ')
    return `merchant: must be given, because several are configured: ${names}`
  }
}

/** Of the merchant in the section `wechat`. */
const defaultName = 'default'

/** Of an order or a list of orders: see `OfMerchant`. Throws `MerchantError`. */
export function merchantNamed(
  merchants: readonly (MerchantIdentity & { readonly name: string })[],
  name: string,
): MerchantIdentity {
  const found = merchants.find((each) => each.name === name) ?? identityIn(name)
  if (found === null) throw unknownMerchant(name)
  return merchantIdentity(found)
}

/** Of `wechatpay/1900000001`; null: it is a name, which has no slash. */
function identityIn(text: string): MerchantIdentity | null {
  const [gateway = '', mchid = '', ...more] = text.split('/')
  return gateway === '' || mchid === '' || more.length > 0 ? null : { gateway, mchid }
}

function unknownMerchant(name: string): MerchantError {
  return new MerchantError('merchant_unknown', `merchant: "${name}" is none that is configured`)
}

/** What a request says of its merchant. An embedder's may be anything: others check the rest of it. */
export function merchantIn(request: unknown): OfMerchant {
  const { merchant = null } = Object(request) as OfMerchant
  return { merchant }
}

/** Users of a merchant with a prefix have it before their ids, so that their accounts are its own. */
export function ofUser<T extends { readonly userId?: string | null }>(
  { userPrefix }: Desk,
  request: T,
): T {
  const userId = Object(request).userId as unknown
  if (userPrefix === null || typeof userId !== 'string') return request
  return { ...request, userId: `${userPrefix}${userId}` }
}

/** Each order at its merchant's desk; those of one merchant together. In the order of the requests. */
export async function adoptAtDesks(
  desks: Desks,
  requests: readonly (AdoptRequest & OfMerchant)[],
): Promise<readonly Adoption[]> {
  const placed = requests.map((request) => ({
    request,
    ...deskOrRefusal(desks, merchantIn(request)),
  }))
  const adoptions = new Map<object, Adoption>()
  for (const desk of desks.all) {
    const own = placed.filter((each) => each.desk === desk)
    if (own.length === 0) continue
    const made = await adoptOrders(
      desk.adopting,
      own.map(({ request }) => ofUser(desk, request)),
    )
    for (const [nth, each] of own.entries()) {
      const adoption = made[nth]
      assert(adoption !== undefined, 'An adoption has no result')
      adoptions.set(each, adoption)
    }
  }
  return placed.map((each) => {
    const adoption = each.refusal ?? adoptions.get(each)
    assert(adoption !== undefined, 'An adoption has no result')
    return adoption
  })
}

function deskOrRefusal(
  desks: Desks,
  which: OfMerchant,
): { readonly desk: Desk | null; readonly refusal: Adoption | null } {
  try {
    return { desk: desks.named(which), refusal: null }
  } catch (error) {
    if (!(error instanceof MerchantError)) throw error
    return { desk: null, refusal: { kind: error.code, message: error.message } }
  }
}

/** One run for all merchants, by hand. */
export async function runAtDesks(
  running: Running,
  { desks, ...wanted }: { desks: Desks } & Pick<RunRequest, 'dryRun' | 'actor' | 'signal'>,
): Promise<{ run: Run; results: readonly RunResult[] }> {
  const byHand = { trigger: 'manual', intervalMs: null, ...wanted } as const
  const started = await startRun(running, desks.all, byHand)
  assert(started.kind === 'started', 'A run without a slot found its slot taken')
  return started.ended
}

/** The first merchant's whose payment it is; else what the last that could not answer said. */
export async function traceAtDesks(
  desks: Desks,
  { transactionId, ...which }: OfMerchant & { readonly transactionId: string },
): Promise<Traced> {
  if (which.merchant != null) return traceTransaction(desks.named(which), transactionId)
  let traced: Traced = { kind: 'not_offered' }
  for (const desk of desks.all) {
    const answer = await traceTransaction(desk, transactionId)
    if (answer.kind === 'found') return answer
    if (traced.kind !== 'unanswered') traced = answer
  }
  return traced
}
