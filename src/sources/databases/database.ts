import type { Kysely, RawBuilder } from 'kysely'
import type { ColumnFacts, Plan, TableFacts, TableName } from './table-facts.ts'

/** A row of a query: every value as the database writes it, as text. */
export type Row = Readonly<Record<string, string | null>>

/** Runs statements one after the other in one read-only transaction, each with a time limit. */
export type Query = (statement: RawBuilder<unknown>) => Promise<readonly Row[]>

/** The database of a shop, of either kind. */
export interface SourceDatabase {
  readonly dialect: SqlDialect
  /** `mysql://host:3306/shop`, without credentials. */
  readonly server: string
  readonly db: Kysely<unknown>
  read<T>(work: (query: Query) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** @param before what each transaction begins with. */
export function readOnly(
  db: Kysely<unknown>,
  before: RawBuilder<unknown> | null = null,
): SourceDatabase['read'] {
  const transaction = db
    .transaction()
    .setAccessMode('read only')
    .setIsolationLevel('read committed')
  return (work) =>
    transaction.execute(async (tx) => {
      await before?.execute(tx)
      return work(async (statement) => (await statement.execute(tx)).rows as readonly Row[])
    })
}

/** What the two kinds of database do not have in common. */
export interface SqlDialect {
  readonly kind: 'postgres' | 'mysql'
  /** Names of all tables and views that can be read, for a person to choose one. */
  tables(query: Query): Promise<readonly string[]>
  /** Null: there is no such table, or it may not be seen. */
  facts(query: Query, table: TableName): Promise<TableFacts | null>
  plan(query: Query, statement: RawBuilder<unknown>): Promise<Plan>
  /** Each distinct status, where an index begins with the column: one look-up for each. */
  statuses(
    query: Query,
    given: { table: TableName; column: ColumnFacts },
  ): Promise<readonly (string | null)[]>
  /** Code and jobs of the schema that mention the table: triggers, functions, events. */
  routines(query: Query, table: TableName): Promise<readonly Routine[]>
  /** What this user may do with the table beyond reading it. */
  writeRights(query: Query, table: TableName): Promise<readonly string[]>
}

export interface Routine {
  readonly name: string
  readonly body: string
}
