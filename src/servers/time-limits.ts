import type { ClientBase } from 'pg'
import { SessionClient } from './session-client.ts'
import { sqlStateOf } from './sql-state.ts'

/**
 * What a database or a role says of how long a session may take is no limit of ours: one of a few
 * milliseconds would end the very statement that replaces it. It cannot be lifted any earlier, as a
 * pooler takes no such parameter at the start. So the statements that lift it go first in the same
 * message, and what a limit has ended is done again.
 */

/** With the version that knows it first. In the order in which they are lifted. */
const limits = [
  ['statement_timeout', 0],
  ['transaction_timeout', 17],
  ['lock_timeout', 0],
  ['idle_in_transaction_session_timeout', 0],
  ['idle_session_timeout', 14],
] as const

/** Those that a server knows; of a server without a version, those that every version knows. */
export function limitsKnownTo(client: ClientBase): readonly string[] {
  const major = client instanceof SessionClient ? client.major : 0
  return limits.filter(([, since]) => since <= major).map(([name]) => name)
}

/** On a busy machine every second try takes more than a millisecond. */
const triesMax = 40

export interface UnlimitedQuery {
  /** One statement, without parameters: a message of several takes none. */
  readonly text: string
  readonly timeoutMs: number
}

/** One round trip: lifts each limit, then sends the query. */
export async function queryUnlimited<Row>(
  client: ClientBase,
  { text, timeoutMs }: UnlimitedQuery,
): Promise<readonly Row[]> {
  const lifted = limitsKnownTo(client).map((name) => ['set', name, '= 0; '].join(' '))
  const query = { text: [...lifted, text].join(''), query_timeout: timeoutMs }
  for (let tries = 1; ; tries += 1) {
    try {
      const said: unknown = await client.query(query)
      const last = (Array.isArray(said) ? said.at(-1) : said) as { readonly rows: readonly Row[] }
      return last.rows
    } catch (error) {
      if (tries === triesMax || sqlStateOf(error) !== '57014') throw error
    }
  }
}

/** Connects anew where a limit has ended the whole session before it could be lifted. */
export async function pastEndedSessions<T>(connect: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await connect()
    } catch (error) {
      if (tries === triesMax || !wasEndedByLimit(error)) throw error
    }
  }
}

/** transaction_timeout, idle_session_timeout; the client's own words where that came before a query. */
function wasEndedByLimit(error: unknown): boolean {
  if (['25P04', '57P05'].includes(sqlStateOf(error) ?? '')) return true
  return error instanceof Error && /connection error and is not queryable/.test(error.message)
}
