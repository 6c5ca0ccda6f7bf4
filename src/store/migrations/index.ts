import type { Kysely } from 'kysely'
import { up as orders } from './001_orders.ts'
import { up as orderEvents } from './002_order_events.ts'
import { up as ledger } from './003_ledger.ts'
import { up as runs } from './004_runs.ts'
import { up as reviews } from './005_reviews.ts'
import { up as quota } from './006_quota.ts'
import { up as retention } from './007_retention.ts'
import { up as ordersOfUsers } from './008_orders_of_users.ts'
import { up as listOrders } from './009_list_orders.ts'
import { up as dropOrdersByUser } from './010_drop_orders_by_user.ts'
import { up as identity } from './011_identity.ts'
import { up as claims, prepare as prepareClaims } from './012_claims.ts'
import { up as consoleSessions } from './013_console_sessions.ts'
import { up as namedSchema } from './014_named_schema.ts'
import { up as knownAt, prepare as prepareKnownAt } from './015_known_at.ts'
import { up as reasonCodes } from './016_reason_codes.ts'
import { up as runResults } from './017_run_results.ts'
import { up as earlyRefundNotices } from './018_early_refund_notices.ts'
import { up as merchants, prepare as prepareMerchants } from './018_merchants.ts'
import {
  up as ordersByMerchant,
  prepare as prepareOrdersByMerchant,
} from './018_orders_by_merchant.ts'
import { up as proofs } from './018_proofs.ts'
import { up as publishedEvents } from './018_published_events.ts'
import { up as raisedExceptions } from './018_raised_exceptions.ts'
import { up as webhooks } from './018_webhooks.ts'
import { up as deliveredBy } from './018_webhooks_delivered_by.ts'
import { up as merchantKeys } from './019_breaking_merchant_keys.ts'

export interface Migration {
  /**
   * Comes before `up`, outside any transaction, for what cannot be in one: an index that is built while
   * others work. May be cut short, and is then done again.
   */
  prepare?(db: Kysely<unknown>): Promise<void>
  up(db: Kysely<unknown>): Promise<void>
}

export type Migrations = Readonly<Record<string, Migration>>

/**
 * Applied in the order of their names; forward only, and never changed once released. Nodes of the
 * program before go on working while a new one migrates, so:
 *
 * - A migration that an older program cannot live with is named `NNN_breaking_what`; older programs
 *   then refuse the database, and one in use gets it by hand: `budan migrate --breaking`. All others only add: columns with a default or null, tables, indexes.
 * - What it changes in a table with many rows takes no longer than a statement of ours may wait: a
 *   constraint is added `not valid`, and validated by a migration of its own.
 */
export const migrations: Migrations = {
  '001_orders': { up: orders },
  '002_order_events': { up: orderEvents },
  '003_ledger': { up: ledger },
  '004_runs': { up: runs },
  '005_reviews': { up: reviews },
  '006_quota': { up: quota },
  '007_retention': { up: retention },
  '008_orders_of_users': { up: ordersOfUsers },
  '009_list_orders': { up: listOrders },
  '010_drop_orders_by_user': { up: dropOrdersByUser },
  '011_identity': { up: identity },
  '012_claims': { prepare: prepareClaims, up: claims },
  '013_console_sessions': { up: consoleSessions },
  '014_named_schema': { up: namedSchema },
  '015_known_at': { prepare: prepareKnownAt, up: knownAt },
  '016_reason_codes': { up: reasonCodes },
  '017_run_results': { up: runResults },
  '018_early_refund_notices': { up: earlyRefundNotices },
  '018_merchants': { prepare: prepareMerchants, up: merchants },
  '018_orders_by_merchant': { prepare: prepareOrdersByMerchant, up: ordersByMerchant },
  '018_proofs': { up: proofs },
  '018_published_events': { up: publishedEvents },
  '018_raised_exceptions': { up: raisedExceptions },
  '018_webhooks': { up: webhooks },
  '018_webhooks_delivered_by': { up: deliveredBy },
  '019_breaking_merchant_keys': { up: merchantKeys },
}
