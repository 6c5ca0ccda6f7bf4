import { sql } from 'kysely'

/** The planner expects few ids in an array, and uses the key. Joined with records alone, it reads the whole table. */
export function isAmong(column: string, those: readonly { readonly id: bigint }[]) {
  const ids = JSON.stringify(those.map(({ id }) => String(id)))
  return sql`${sql.ref(column)} = any(array(
    select json_array_elements_text(${ids}::json)::bigint))`
}
