import { sql } from 'kysely'
import { firstOf, rowsOf, type Scope } from '../database.ts'
import type { NewSession, Session } from '../store.ts'
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
