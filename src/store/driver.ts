import { createHash } from 'node:crypto'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import { unreachable } from '../domain/assert.ts'

/** Where connections come from. */
export interface ConnectionSource {
  acquire(): Promise<PooledConnection>
  close(): Promise<void>
}

export interface PooledConnection {
  query(statement: Statement): Promise<QueryOutput>
  release(): void
}

export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
  /** The connection keeps it prepared. */
  readonly isPrepared: boolean
}

/** Kysely hands a query to the driver as it was given. */
export type PreparableQuery = CompiledQuery & { readonly isPrepared?: boolean }

export interface QueryOutput {
  readonly rows: unknown[]
  readonly affected: number
}

/**
 * Names of prepared statements, which are few. A name is a digest of the text and no counter: where a
 * pooler shares sessions, it means the same in every process and every version.
 */
export class StatementNames {
  readonly #names = new Map<string, string>()

  /** Null for a statement that is not prepared. */
  nameOf({ text, isPrepared }: Statement): string | null {
    if (!isPrepared) return null
    const name = this.#names.get(text) ?? `budan_${digestOf(text)}`
    this.#names.set(text, name)
    return name
  }
}

/** 128 bits. PostgreSQL cuts names off at 63 characters. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** PostgreSQL's dialect on any source of connections, the server's or the embedded database's. */
export function postgresDialect(source: ConnectionSource): Dialect {
  return {
    createDriver: () => new PoolDriver(source),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class PoolDriver implements Driver {
  readonly #source: ConnectionSource

  constructor(source: ConnectionSource) {
    this.#source = source
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Connection(await this.#source.acquire())
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof Connection) connection.pooled.release()
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async destroy(): Promise<void> {
    await this.#source.close()
  }
}

class Connection implements DatabaseConnection {
  readonly pooled: PooledConnection

  constructor(pooled: PooledConnection) {
    this.pooled = pooled
  }

  async executeQuery<R>(query: PreparableQuery): Promise<QueryResult<R>> {
    const { sql: text, parameters: values, isPrepared = false } = query
    const { rows, affected } = await this.pooled.query({ text, values, isPrepared })
    return { rows: rows as R[], numAffectedRows: BigInt(affected) }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    return unreachable('streamQuery' as never)
  }
}
