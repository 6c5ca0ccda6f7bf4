import pg, { type ClientBase, type ClientConfig } from 'pg'
import { sqlText } from '../text/sql-text.ts'
import { queryUnlimited } from './time-limits.ts'

/** As long as connecting may take. */
const waitMsMax = 5_000

/** A pooler greets with a number of its own, PostgreSQL with that of the process that serves us. */
export function isPooled(client: ClientBase, pid: number): boolean {
  return (client as { readonly processID?: unknown }).processID !== pid
}

/** With idle sessions enough to go round, the same one may come back by chance; not three times. */
const rounds = 3

const whoServes = sqlText`select pg_backend_pid() as pid`

/** Whether a pooler lends its sessions for a transaction, or a statement, at a time. */
export async function lendsSessions(client: ClientBase, config: ClientConfig): Promise<boolean> {
  const other = new pg.Client({
    ...config,
    connectionTimeoutMillis: waitMsMax,
    query_timeout: waitMsMax,
  })
  other.on('error', () => undefined)
  try {
    await other.connect()
    await queryUnlimited(other, { text: whoServes, timeoutMs: waitMsMax })
    return await changesSessions(client, other)
  } finally {
    // Not awaited: a pooler that has no session to give answers no farewell either.
    void other.end().catch(() => undefined)
  }
}

/** Two connections that stay open are then served by one process, or one of them by two. */
async function changesSessions(one: ClientBase, other: ClientBase): Promise<boolean> {
  const pids = new Set([await servedBy(one)])
  const others = new Set<number>()
  for (let round = 0; round < rounds; round += 1) {
    // Held meanwhile, so that the first has to find itself another.
    if (!(await began(other))) return true
    const pid = await servedBy(other)
    if (pids.has(pid)) return true
    others.add(pid)
    pids.add(await servedBy(one))
    await other.query('rollback')
  }
  return pids.size > 1 || others.size > 1
}

async function servedBy(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ readonly pid: number }>(whoServes)
  return rows[0]?.pid ?? 0
}

/** PgBouncer that pools statements refuses transactions: protocol_violation. */
async function began(client: ClientBase): Promise<boolean> {
  try {
    await client.query('begin')
    return true
  } catch (error) {
    if (error instanceof Error && /statement pooling/.test(error.message)) return false
    throw error
  }
}
