import { sql } from 'kysely'
import { firstOf, rowsOf, type Scope } from '../database.ts'
import { sessionIdLength } from '../session-id.ts'
import type { ListedSession, NewSession, Page, PageRequest, Session } from '../store.ts'
import { pageOf, startOf } from './cursor.ts'
import { storable } from './storable-text.ts'

const sessionColumns = sql`
  token_name as "tokenName", token_mark as "tokenMark", expires_at as "expiresAt"`

/** Opens it, and removes those of everybody that are over. The end is by the database's clock. */
export async function openSession({ db, now }: Scope, session: NewSession): Promise<Session> {
  await rowsOf(db, sql`delete from console_sessions where expires_at <= ${now()}`)
  const { keyHash, tokenName, tokenMark, address, lifeMs } = session
  const row = await firstOf(
    db,
    sql<Session>`
      insert into console_sessions
        (key_hash, token_name, token_mark, address, created_at, expires_at)
      values (${keyHash}, ${tokenName}, ${tokenMark}, ${storable(address)}, ${now()},
        ${now()} + ${lifeMs}::float8 * interval '1 millisecond')
      returning ${sessionColumns}`,
  )
  if (row === null) throw new TypeError('An insert returned no row')
  return row
}

/** Null: there is none, it was logged out, or it is over. */
export function findSession({ db, now }: Scope, keyHash: string): Promise<Session | null> {
  return firstOf(
    db,
    sql<Session>`
      select ${sessionColumns} from console_sessions
      where key_hash = ${keyHash} and expires_at > ${now()}`,
  )
}

/** The name of who was logged out; null: there was no such session. */
export async function endSession({ db }: Scope, keyHash: string): Promise<string | null> {
  const row = await firstOf(
    db,
    sql<Session>`
      delete from console_sessions where key_hash = ${keyHash} returning ${sessionColumns}`,
  )
  return row?.tokenName ?? null
}

const idOf = sql`left(key_hash, ${sessionIdLength}::integer)`

const listedColumns = sql`
  ${idOf} as id, token_name as "tokenName", address,
  created_at as "createdAt", expires_at as "expiresAt"`

/** Plan: the whole table, which has the logins of some hours. */
export async function listSessions(
  { db, now }: Scope,
  page: PageRequest,
): Promise<Page<ListedSession>> {
  const from = startOf('sessions', page)
  const older =
    from === null
      ? sql`true`
      : sql`(created_at, ${idOf}) < (${new Date(from.at ?? 0)}::timestamptz, ${from.key})`
  const rows = await rowsOf(
    db,
    sql<ListedSession>`
      select ${listedColumns} from console_sessions
      where expires_at > ${now()} and ${older}
      order by created_at desc, ${idOf} desc limit ${page.limit + 1}`,
  )
  return pageOf(rows, {
    ...{ kind: 'sessions', limit: page.limit, item: (row) => row },
    position: ({ createdAt, id }) => ({ at: +createdAt, key: id }),
  })
}

export function endSessions(
  { db }: Pick<Scope, 'db'>,
  which: { readonly id: string } | { readonly tokenName: string },
): Promise<readonly ListedSession[]> {
  const those = 'id' in which ? sql`${idOf} = ${which.id}` : sql`token_name = ${which.tokenName}`
  return rowsOf(
    db,
    sql<ListedSession>`delete from console_sessions where ${those} returning ${listedColumns}`,
  )
}
