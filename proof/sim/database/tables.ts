import type { Transfer } from '../../../src/domain/ledger/transfer.ts'
import type { Merchant, Order, OrderEvent, OrderKey } from '../../../src/domain/order.ts'
import type { Run } from '../../../src/domain/runs/run.ts'

export interface StoredTransfer extends Transfer {
  readonly key: OrderKey
  readonly at: Date
}

export interface StoredEvent extends OrderEvent {
  readonly key: OrderKey
}

type MerchantId = Pick<Merchant, 'gateway' | 'mchid'>

/** Written by the embedder's `onPaid`, in the crediting transaction. */
export interface Delivery {
  readonly key: OrderKey
  readonly amount: bigint
}

/** The late checks of an order that expired although no answer said that its trade has ended. */
export interface LateCheck extends MerchantId {
  readonly key: OrderKey
  readonly expiredAt: Date
  /** How many of its late checks are done. */
  readonly doneCount: number
  readonly dueAt: Date
}

/** The committed rows. What belongs to an order is found by its key, never by its number alone. */
export class Tables {
  readonly orders = new Map<OrderKey, Order>()
  readonly keyByIdempotencyKey = new Map<string, OrderKey>()
  readonly events: StoredEvent[] = []
  readonly transfers: StoredTransfer[] = []
  readonly transferByOrder = new Map<OrderKey, StoredTransfer>()
  readonly transferByTransaction = new Map<string, StoredTransfer>()
  readonly deliveries: Delivery[] = []
  readonly lateChecks = new Map<OrderKey, LateCheck>()
  readonly runs = new Map<string, Run>()
  /** The last slot that each merchant had a run for. */
  readonly slotByMerchant = new Map<string, number>()
  /** In the order in which the merchants got their first orders, from 1. */
  readonly #places = new Map<string, number>()

  /** The key that an order is stored under, by the rule of decision 051. */
  keyOf(order: MerchantId & { readonly orderNo: string }): OrderKey {
    const place = this.#places.get(merchantIdOf(order)) ?? this.#places.size + 1
    return keyAt(order.orderNo, place)
  }

  /** A merchant gets its place with its first order. */
  givePlace(merchant: MerchantId): void {
    const id = merchantIdOf(merchant)
    if (!this.#places.has(id)) this.#places.set(id, this.#places.size + 1)
  }

  /** All orders with this number, at most one of each merchant. */
  keysOfNumber(orderNo: string): readonly OrderKey[] {
    return [...this.#places.values()].map((place) => keyAt(orderNo, place))
  }

  /** Null: not here. */
  orderOf(name: MerchantId & { readonly orderNo: string }): Order | null {
    return this.orders.get(this.keyOf(name)) ?? null
  }
}

export function merchantIdOf({ gateway, mchid }: MerchantId): string {
  return `${gateway} ${mchid}`
}

function keyAt(orderNo: string, place: number): OrderKey {
  return (place === 1 ? orderNo : `${orderNo}:${place}`) as OrderKey
}

/** The changes of one transaction, as they become visible to others. */
export interface Change {
  readonly orders: readonly { readonly before: Order | null; readonly after: Order }[]
  readonly events: readonly StoredEvent[]
  readonly transfers: readonly StoredTransfer[]
  readonly deliveries: readonly Delivery[]
}
