import { nameOfTable } from './databases/table-facts.ts'
import type { Mapping } from './mapping.ts'

/** Which rows a source reads, and how: two sources of one place have the same rows. */
export function placeOf(server: string, { config, facts }: Mapping): string {
  const { columns, status, only } = config
  const how = { columns, status, only }
  return `${server} ${nameOfTable(facts)} ${JSON.stringify(how)}`
}
