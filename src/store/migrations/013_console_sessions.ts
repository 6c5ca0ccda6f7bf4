import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

/**
 * Who is logged in to the console. The cookie has a random key, of which only the hash is here: who
 * reads this table can log in with none of it. `token_mark` is of that key and the token together, so
 * that the token cannot be guessed from it either.
 */
const sessions = sql`
  create table console_sessions (
    key_hash text collate "C" primary key,
    token_name text not null,
    token_mark text not null,
    address text,
    created_at timestamptz(3) not null,
    expires_at timestamptz(3) not null check (expires_at > created_at)
  )`

/** For removing those that are over. */
const byEnd = sql`create index console_sessions_by_end on console_sessions (expires_at)`

const statements = [sessions, byEnd]
