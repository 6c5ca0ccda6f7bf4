import type { Order, OrderKey } from '../../../src/domain/order.ts'
import type { Owner } from '../clock/loop.ts'
import type { LockHolder } from './locks.ts'
import type { Change, Delivery, StoredEvent, StoredTransfer, Tables } from './tables.ts'

/** A write to a table of less importance, applied when the transaction commits. */
type Write = (tables: Tables) => void

/**
 * One transaction. Only the transaction itself sees its writes before the commit; a rollback drops them.
 *
 * open ──► ended   committed, rolled back, or its connection is gone
 */
export class Session implements LockHolder {
  waitsFor: string | null = null
  readonly locked = new Set<string>()
  ended = false
  /** The time of the last statement: the server ends sessions that are idle for too long. */
  lastActiveAt = 0
  readonly owner: Owner
  readonly orders = new Map<OrderKey, Order>()
  readonly events: StoredEvent[] = []
  readonly transfers: StoredTransfer[] = []
  readonly deliveries: Delivery[] = []
  readonly otherWrites: Write[] = []
  readonly #tables: Tables

  constructor(owner: Owner, tables: Tables) {
    this.owner = owner
    this.#tables = tables
  }

  /** READ COMMITTED: reads its own writes, then the rows that others have committed. */
  read(key: OrderKey): Order | null {
    return this.orders.get(key) ?? this.#tables.orders.get(key) ?? null
  }

  /** Makes all writes visible at one moment. */
  apply(): Change {
    const tables = this.#tables
    const orders = [...this.orders.values()].map((after) => {
      const before = tables.orders.get(after.key) ?? null
      tables.orders.set(after.key, after)
      return { before, after }
    })
    tables.events.push(...this.events)
    for (const transfer of this.transfers) {
      tables.transfers.push(transfer)
      tables.transferByOrder.set(transfer.key, transfer)
      tables.transferByTransaction.set(transfer.transactionId, transfer)
    }
    tables.deliveries.push(...this.deliveries)
    for (const write of this.otherWrites) write(tables)
    const { events, transfers, deliveries } = this
    return { orders, events, transfers, deliveries }
  }
}
