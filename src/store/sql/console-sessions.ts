import { sql } from 'kysely'
import { firstOf, rowsOf, type Scope } from '../database.ts'
import type { NewSession, Session } from '../store.ts'
import { storable } from './storable-text.ts'

/** Opens it, and removes those of everybody that are over. The end is by the database's clock. */
export async function openSession({ db, now }: Scope, session: NewSession): Promise<Session> {
  await rowsOf(db, sql`delete from console_sessions where expires_at <= ${now()}`)
  const { keyHash, tokenName, tokenMark, address, lifeMs } = session
  const row = await firstOf(
    db,
    sql<SessionRow>`
      insert into console_sessions
        (key_hash, token_name, token_mark, address, created_at, expires_at)
      values (${keyHash}, ${tokenName}, ${tokenMark}, ${storable(address)}, ${now()},
        ${now()} + ${lifeMs}::float8 * interval '1 millisecond')
      returning token_name, token_mark, expires_at`,
  )
  if (row === null) throw new TypeError('An insert returned no row')
  return sessionOf(row)
}

/** Null: there is none, it was logged out, or it is over. */
export async function findSession({ db, now }: Scope, keyHash: string): Promise<Session | null> {
  const row = await firstOf(
    db,
    sql<SessionRow>`
      select token_name, token_mark, expires_at from console_sessions
      where key_hash = ${keyHash} and expires_at > ${now()}`,
  )
  return row === null ? null : sessionOf(row)
}

/** The name of who was logged out; null: there was no such session. */
export async function endSession({ db }: Scope, keyHash: string): Promise<string | null> {
  const row = await firstOf(
    db,
    sql<Pick<SessionRow, 'token_name'>>`
      delete from console_sessions where key_hash = ${keyHash} returning token_name`,
  )
  return row?.token_name ?? null
}

interface SessionRow {
  readonly token_name: string
  readonly token_mark: string
  readonly expires_at: Date
}

function sessionOf(row: SessionRow): Session {
  return { tokenName: row.token_name, tokenMark: row.token_mark, expiresAt: row.expires_at }
}
