import { sql } from 'kysely'
import type { Scope } from '../database.ts'
import { isConfigured } from './endpoints.ts'

/**
 * Makes the deliveries of the events that have just got the positions behind `from`, up to `to`: in the
 * same transaction, so that an event with a position has them.
 */
export async function fanOut(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): Promise<void> {
  await sql`
    insert into webhook_deliveries (endpoint, position, order_no, due_since, next_at, created_at)
    select w.name, e.position, e.data->>'order_no', ${now()}, ${now()}, ${now()}
    from webhook_endpoints w join published_events e
      on e.position > ${from}::bigint and e.position <= ${to}::bigint
    where exists (
      select from webhook_subscriptions
      where endpoint = w.name and ${isConfigured('webhook_subscriptions')}
        and (types = '' or e.type = any(string_to_array(types, ',')))
    )
    order by e.position, w.name`.execute(db)
}
