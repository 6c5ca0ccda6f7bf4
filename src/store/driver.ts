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
  borrow(): Promise<LentConnection>
  close(): Promise<void>
}

export interface LentConnection {
  query(text: string, values: readonly unknown[]): Promise<QueryOutput>
  giveBack(): void
}

export interface QueryOutput {
  readonly rows: unknown[]
  readonly affected: number
}

/** In front of a statement that a connection keeps prepared; see `planned`. */
export const plannedMark = '/* planned once */'

/**
 * Names for prepared statements, which are few. A name is made of its text, not counted: where sessions
 * are shared, by whatever a pooler does, it means the same in every process and every version.
 */
export class StatementNames {
  readonly #names = new Map<string, string>()

  /** Null for a statement that is not kept. */
  nameOf(text: string): string | null {
    if (!text.startsWith(plannedMark)) return null
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
    createDriver: () => new LendingDriver(source),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class LendingDriver implements Driver {
  readonly #source: ConnectionSource

  constructor(source: ConnectionSource) {
    this.#source = source
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Connection(await this.#source.borrow())
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof Connection) connection.lent.giveBack()
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
  readonly lent: LentConnection

  constructor(lent: LentConnection) {
    this.lent = lent
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, affected } = await this.lent.query(sql, parameters)
    return { rows: rows as R[], numAffectedRows: BigInt(affected) }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    return unreachable('streamQuery' as never)
  }
}
