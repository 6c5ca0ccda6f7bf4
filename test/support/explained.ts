import { Kysely } from 'kysely'
import pg from 'pg'
import { storeOn } from '../../src/store/assemble.ts'
import {
  type ConnectionSource,
  type PooledConnection,
  postgresDialect,
  type Statement,
} from '../../src/store/driver.ts'
import { openDatabase } from '../../src/store/open.ts'
import { parsers } from '../../src/store/parsers.ts'
import type { Store } from '../../src/store/store.ts'

/** A statement as the store sent it, and the plan that the server executed. */
export interface Explained {
  readonly statement: string
  readonly nodes: readonly PlanNode[]
}

export interface PlanNode {
  readonly type: string
  readonly relation: string | null
  readonly index: string | null
  /** Over all loops, including rows that a filter removed. */
  readonly rows: number
  /** Pages of tables and indexes, counted at each read, including those of the nodes below. */
  readonly pages: number
}

/** A store that explains every statement before it executes it. */
export interface ExplainedStore {
  readonly url: string
  readonly store: Store
  /** The statements that the work sent, without `begin`, `commit` and `rollback`. */
  explain(work: (store: Store) => Promise<unknown>): Promise<readonly Explained[]>
}

/** On a migrated PostgreSQL database. The caller closes the store. */
export async function openExplained(url: string): Promise<ExplainedStore> {
  const explained: Explained[] = []
  const database = await openDatabase(url)
  const source = new ExplainingSource(url, (one) => void explained.push(one))
  const db = new Kysely<unknown>({ dialect: postgresDialect(source) })
  const close = async () => {
    await source.close()
    await database.close()
  }
  const store = storeOn({ ...database, db, close })
  return {
    ...{ url, store },
    async explain(work) {
      explained.length = 0
      await work(store)
      return [...explained]
    },
  }
}

/** Sends each statement twice: first under EXPLAIN ANALYZE, which executes it and is rolled back, then as it is. */
class ExplainingSource implements ConnectionSource {
  readonly #pool: pg.Pool
  readonly #record: (explained: Explained) => void

  constructor(url: string, record: (explained: Explained) => void) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: 2,
      types: {
        getTypeParser: (oid: number) => parsers[oid] ?? pg.types.getTypeParser(oid, 'text'),
      },
    })
    this.#record = record
  }

  async acquire(): Promise<PooledConnection> {
    const client = await this.#pool.connect()
    let inTransaction = false
    return {
      query: async (statement) => {
        const { text, values } = statement
        if (isStatement(text)) this.#record(await explain(client, { ...statement, inTransaction }))
        const { rows, rowCount, command } = await client.query(text, [...values])
        if (command === 'BEGIN') inTransaction = true
        if (command === 'COMMIT' || command === 'ROLLBACK') inTransaction = false
        return { rows, affected: rowCount ?? 0 }
      },
      release: () => client.release(),
    }
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}

/** Not `begin`, `commit` or `set`, which have no plan. */
function isStatement(text: string): boolean {
  return /^\s*(select|insert|update|delete|with)\b/i.test(text)
}

interface Sent extends Statement {
  readonly inTransaction: boolean
}

async function explain(client: pg.PoolClient, sent: Sent): Promise<Explained> {
  const { text, isPrepared, inTransaction } = sent
  await client.query(inTransaction ? 'savepoint explained' : 'begin')
  const plan = await (isPrepared ? keptPlan : ownPlan)(client, sent)
  await client.query(inTransaction ? 'rollback to savepoint explained' : 'rollback')
  return { statement: text, nodes: flat(plan) }
}

/** A plan made for these values. */
async function ownPlan(client: pg.PoolClient, { text, values }: Sent): Promise<RawPlan> {
  return planIn(await client.query(`explain (analyze, buffers, format json) ${text}`, [...values]))
}

/** The generic plan, which a connection keeps for a prepared statement. */
async function keptPlan(client: pg.PoolClient, { text, values }: Sent): Promise<RawPlan> {
  await client.query(`set local plan_cache_mode = force_generic_plan`)
  await client.query(`prepare explained as ${text}`)
  try {
    const given = values.length > 0 ? `(${values.map(literalOf).join(', ')})` : ''
    return planIn(
      await client.query(`explain (analyze, buffers, format json) execute explained${given}`),
    )
  } finally {
    await client.query('deallocate explained')
  }
}

function literalOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  return pg.escapeLiteral(value instanceof Date ? value.toISOString() : String(value))
}

interface RawPlan {
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly RawPlan[]
}

function planIn({ rows }: pg.QueryResult<{ 'QUERY PLAN': [{ Plan: RawPlan }] }>): RawPlan {
  const plan = rows[0]?.['QUERY PLAN'][0].Plan
  if (plan === undefined) throw new Error('PostgreSQL explained nothing')
  return plan
}

function flat(plan: RawPlan): readonly PlanNode[] {
  const passedOver =
    (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0)
  return [
    {
      type: plan['Node Type'],
      relation: plan['Relation Name'] ?? null,
      index: plan['Index Name'] ?? null,
      rows: (plan['Actual Rows'] + passedOver) * plan['Actual Loops'],
      pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
    },
    ...(plan.Plans ?? []).flatMap(flat),
  ]
}
