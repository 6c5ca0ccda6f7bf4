import type { Kysely } from 'kysely'
import { up as orders } from './001_orders.ts'
import { up as orderEvents } from './002_order_events.ts'
import { up as ledger } from './003_ledger.ts'
import { up as runs } from './004_runs.ts'

export interface Migration {
  up(db: Kysely<unknown>): Promise<void>
}

/** Applied in the order of their names; forward only, and never changed once released. */
export const migrations: Readonly<Record<string, Migration>> = {
  '001_orders': { up: orders },
  '002_order_events': { up: orderEvents },
  '003_ledger': { up: ledger },
  '004_runs': { up: runs },
}
