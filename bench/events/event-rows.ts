import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'

/** Publishes that many `order.paid`, as the triggers write them; the times are now. */
export async function publish({ db }: Database, count: number): Promise<void> {
  await sql`
    insert into published_events_new (type, at, order_no, gateway, mchid, data)
    select 'order.paid', now(), null, 'wechatpay', '1900000109', json_build_object(
      'order_no', 'RECH20260124120000' || lpad(i::text, 10, '0'), 'user_id', 'bench-' || i % 500,
      'amount', 100 + i % 1000, 'currency', 'CNY', 'transaction_id', '420000200820260124' || i,
      'paid_at', to_char(now() at time zone 'UTC', ${time}),
      'credited_at', to_char(clock_timestamp() at time zone 'UTC', ${time}), 'credited_by', 'callback'
    )
    from generate_series(1, ${count}::integer) as i`.execute(db)
}

const time = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'

/** Gives positions to all that was published, and makes their deliveries. */
export async function positionAll(store: Pick<Store, 'positionEvents'>): Promise<void> {
  while ((await store.positionEvents({ limit: 1000 })).count > 0) {}
}

/** Resolves when these endpoints have nothing pending. */
export async function delivered(
  store: Pick<Store, 'endpointStates'>,
  names: readonly string[],
): Promise<void> {
  for (;;) {
    const states = await store.endpointStates(names, { countMax: 1 })
    if (states.every(({ pending }) => pending === 0)) return
    await delay(50)
  }
}
