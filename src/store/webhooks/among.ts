import { sql } from 'kysely'

/** As an array, which the planner takes for few: joined with records alone, it would read the whole table. */
export function isAmong(column: string, those: readonly { readonly id: bigint }[]) {
  const ids = JSON.stringify(those.map(({ id }) => String(id)))
  return sql`${sql.ref(column)} = any(array(
    select json_array_elements_text(${ids}::json)::bigint))`
}
