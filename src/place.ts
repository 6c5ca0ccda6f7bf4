import type { Fen } from './money.ts'
import type { Order } from './order.ts'

export interface PlaceRequest {
  readonly userId: string
  readonly amount: Fen
  readonly description: string
  readonly attach: string | null
  readonly idempotencyKey: string
}

export type Placement =
  /** Placed now, or before with the same key and facts. The order has its `codeUrl`. */
  | { readonly kind: 'placed'; readonly order: Order }
  /** The key was used for an order with other facts. */
  | { readonly kind: 'conflict'; readonly message: string }
  /** The gateway will not take this order. */
  | {
      readonly kind: 'refused'
      readonly order: Order
      readonly code: string
      readonly message: string
    }
  /** Whether the trade exists is not known: ask again with the same key. */
  | { readonly kind: 'unanswered'; readonly order: Order; readonly message: string }

export interface AdoptRequest {
  readonly orderNo: string
  readonly userId: string
  readonly amount: Fen
  readonly description: string
  readonly createdAt: Date | null
  readonly expiresAt: Date | null
}

export type Adoption =
  | { readonly kind: 'adopted'; readonly order: Order }
  /** Adopted before with the same facts. */
  | { readonly kind: 'exists'; readonly order: Order }
  | { readonly kind: 'conflict'; readonly message: string }
