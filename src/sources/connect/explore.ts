import { sql } from 'kysely'
import type { SourceDatabase } from '../databases/database.ts'
import { statusesMax } from '../databases/limits.ts'
import type { TableFacts } from '../databases/table-facts.ts'
import { attemptAt } from '../failure.ts'
import { factsOf, openSourceDatabase } from '../open.ts'

/** Names of the tables and views that this user may read. */
export function listTables(url: string): Promise<readonly string[]> {
  return briefly(url, (database) => database.read((query) => database.dialect.tables(query)))
}

/** Throws ConfigError where there is none. */
export function findTable(url: string, table: string): Promise<TableFacts> {
  return briefly(url, (database) => factsOf(database, { name: table, table }))
}

/** Values of the column in the newest rows that the database comes across. */
export function statusesOf(given: {
  readonly url: string
  readonly facts: TableFacts
  readonly column: string
}): Promise<readonly string[]> {
  const { facts, column } = given
  const [from, status] = [sql.id(facts.schema, facts.name), sql.ref(column)]
  return briefly(given.url, async (database) => {
    const rows = await database.read((query) =>
      query(sql`select distinct ${status} as status from (select ${status} from ${from} limit 100000) as found
        where ${status} is not null limit ${statusesMax}`),
    )
    return rows.map((row) => row.status ?? '').sort()
  })
}

async function briefly<T>(url: string, work: (database: SourceDatabase) => Promise<T>): Promise<T> {
  return attemptAt({ url, action: 'look for the table' }, async () => {
    const database = await openSourceDatabase(url)
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  })
}
