import { type Kysely, type RawBuilder, sql } from 'kysely'
import { assert } from '../domain/assert.ts'
import type { Clock } from '../domain/clock.ts'
import type { DerivedKey, ProofKeys } from '../proof/keys.ts'
import type { PreparableQuery } from './driver.ts'

/** An open database: what every function of this folder works on. */
export interface Database {
  readonly kind: 'pglite' | 'postgres'
  /** For messages; without a password. */
  readonly name: string
  /** Where our tables are, or will be. It comes first in the search path of every session. */
  readonly schema: string
  readonly db: Connection
  /** The same database with deadlines for work that reads whole tables or builds indexes. */
  readonly patientDb: Connection
  close(): Promise<void>
}

/** All statements are written out, so Kysely needs no tables' types. */
export type Connection = Kysely<unknown>

/** A database, and what time it is there. */
export interface Scope {
  readonly db: Connection
  /** When the current statement began, in milliseconds. Stable within it, so an index can serve it. */
  readonly now: () => RawBuilder<Date>
  /** The time after all that the statement waited for. */
  readonly lateNow: () => RawBuilder<Date>
  /** What orders and their events are sealed with; null: nothing is sealed. */
  readonly sealing: DerivedKey | null
  /** What seals are verified with before they are replaced. */
  readonly keys?: ProofKeys | undefined
}

export interface ScopeOptions {
  readonly clock?: Clock | undefined
  readonly sealing?: DerivedKey | null
  readonly keys?: ProofKeys | undefined
}

/** `statement_timestamp()`, unlike `now()`, goes on within a transaction: an event comes after its lock. */
const statementNow = sql<Date>`date_trunc('milliseconds', statement_timestamp())`
const clockNow = sql<Date>`date_trunc('milliseconds', clock_timestamp())`

/** The database's time decides, unless a test or an embedder brings a clock. */
export function scopeOn(db: Connection, { clock, keys, sealing = null }: ScopeOptions): Scope {
  const sealed = { sealing, keys }
  if (clock === undefined)
    return { db, ...sealed, now: () => statementNow, lateNow: () => clockNow }
  const now = () => sql<Date>`${clock()}::timestamptz(3)`
  return { db, ...sealed, now, lateNow: now }
}

/** The time at which it answers, after all that it waited for. */
export async function readNow({ db, lateNow }: Scope): Promise<Date> {
  return readValue(db, lateNow())
}

/** The rows of a statement. Their shape is the statement's, which is written beside it. */
export async function rowsOf<T>(db: Connection, statement: RawBuilder<T>): Promise<readonly T[]> {
  return (await statement.execute(db)).rows
}

export async function firstOf<T>(db: Connection, statement: RawBuilder<T>): Promise<T | null> {
  return (await rowsOf(db, statement))[0] ?? null
}

/**
 * The same for a statement that runs once an order: each connection prepares it once, which halves its
 * time. Only for texts that never vary, and by keys whose plan is always the same.
 */
export async function preparedRows<T>(
  db: Connection,
  statement: RawBuilder<T>,
): Promise<readonly T[]> {
  const query: PreparableQuery = { ...statement.compile(db), isPrepared: true }
  return (await db.executeQuery<T>(query)).rows
}

export async function preparedFirst<T>(
  db: Connection,
  statement: RawBuilder<T>,
): Promise<T | null> {
  return (await preparedRows(db, statement))[0] ?? null
}

/** What one expression is. */
export async function readValue<T>(db: Connection, expression: RawBuilder<T>): Promise<T> {
  const row = await firstOf(db, sql<{ readonly value: T }>`select ${expression} as value`)
  assert(row !== null, 'The database answered without a row')
  return row.value
}
