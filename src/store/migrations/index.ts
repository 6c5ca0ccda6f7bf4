import type { Kysely } from 'kysely'
import * as orders from './001_orders.ts'
import * as orderEvents from './002_order_events.ts'
import * as ledger from './003_ledger.ts'
import * as runs from './004_runs.ts'

export interface Migration {
  up(db: Kysely<unknown>): Promise<void>
}

/** Applied in the order of their names; forward only, and never changed once released. */
export const migrations: Readonly<Record<string, Migration>> = {
  '001_orders': orders,
  '002_order_events': orderEvents,
  '003_ledger': ledger,
  '004_runs': runs,
}
