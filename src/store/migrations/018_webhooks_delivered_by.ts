import { type Kysely, sql } from 'kysely'

/** Makes a delivery cheaper to write: most of what one costs is its entries in indexes and in the log. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

/**
 * The attempt that delivered it, as a row of `webhook_attempts` has it, which has all other attempts. Null
 * also where a node of the version before delivered it: that attempt is in `webhook_attempts`.
 */
const deliveredBy = sql`alter table webhook_deliveries add column delivered_by json`

/** A claim changes no indexed column: with room on the page it writes no entry in any index. */
const room = sql`alter table webhook_deliveries set (fillfactor = 50)`

/** Those of one endpoint are found by the key, from its end. */
const withoutEndpoints = sql`drop index deliveries_by_endpoint`

const statements = [deliveredBy, room, withoutEndpoints]
