import type { Order, OrderEvent } from '../../../src/domain/order.ts'
import type { Run } from '../../../src/domain/run.ts'
import type { Transfer } from '../../../src/domain/transfer.ts'

export interface StoredTransfer extends Transfer {
  readonly at: Date
}

/** Written by the embedder's `onPaid`, in the crediting transaction. */
export interface Delivery {
  readonly orderNo: string
  readonly amount: bigint
}

/** The late checks of an order that expired although no answer said that its trade has ended. */
export interface LateCheck {
  readonly orderNo: string
  readonly expiredAt: Date
  /** How many of its late checks are done. */
  readonly doneCount: number
  readonly dueAt: Date
}

/** The committed rows. */
export class Tables {
  readonly orders = new Map<string, Order>()
  readonly orderNoByKey = new Map<string, string>()
  readonly events: OrderEvent[] = []
  readonly transfers: StoredTransfer[] = []
  readonly transferByOrder = new Map<string, StoredTransfer>()
  readonly transferByTransaction = new Map<string, StoredTransfer>()
  readonly deliveries: Delivery[] = []
  readonly lateChecks = new Map<string, LateCheck>()
  readonly runs = new Map<string, Run>()
  readonly runIdBySlot = new Map<number, string>()
}

/** The changes of one transaction, as they become visible to others. */
export interface Change {
  readonly orders: readonly { readonly before: Order | null; readonly after: Order }[]
  readonly events: readonly OrderEvent[]
  readonly transfers: readonly StoredTransfer[]
  readonly deliveries: readonly Delivery[]
}
