import { setTimeout as pause } from 'node:timers/promises'
import { AssertionError } from '../domain/assert.ts'
import { remedyFor, wordsOf } from '../servers/postgres-remedies.ts'
import { sqlStateOf } from '../servers/sql-state.ts'
import { CursorError, CursorGoneError, StoreError } from './errors.ts'

/** `attempt` on one database. `action` completes the message "Cannot …". */
export type Attempt = <T>(action: string, work: () => Promise<T>) => Promise<T>

/**
 * Runs one piece of work on the database. What goes wrong becomes a `StoreError` that says what
 * was attempted, where; our own errors stay what they are.
 */
export async function attempt<T>(
  { name, action }: { readonly name: string; readonly action: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isOurs(error)) throw error
    const { what, remedy } = causeOf(error, { name, action })
    throw new StoreError(`Cannot ${action}: ${what}`, { remedy, cause: plain(error) })
  }
}

function isOurs(error: unknown): boolean {
  return (
    error instanceof StoreError ||
    error instanceof CursorError ||
    error instanceof CursorGoneError ||
    error instanceof AssertionError
  )
}

/** undefined_table, undefined_column, invalid_schema_name */
const tablesMissing = new Set(['42P01', '42703', '3F000'])

/** Names the database once: where the action does, it is not said again. */
function causeOf(
  error: unknown,
  { name, action }: { readonly name: string; readonly action: string },
): { readonly what: string; readonly remedy: string | null } {
  if (tablesMissing.has(sqlStateOf(error) ?? '')) {
    return {
      what: `the database "${name}" has no budan tables yet, or old ones`,
      remedy: 'run `budan migrate`',
    }
  }
  const message = wordsOf(error)
  const remedy = remedyFor(error, message)
  const isNamed =
    (remedy !== null || sqlStateOf(error) === null) && !action.includes(JSON.stringify(name))
  return { what: isNamed ? `database "${name}": ${message}` : message, remedy }
}

/** Drivers hang the statement's values on their errors; those belong in no log. */
function plain(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  const state = sqlStateOf(error)
  const cause = new Error(message)
  if (error instanceof Error && error.stack !== undefined) cause.stack = error.stack
  return state === null ? cause : Object.assign(cause, { code: state })
}

/** serialization_failure, deadlock_detected: the same work may succeed when it is done again. */
export function isConflict(error: unknown): boolean {
  const cause = error instanceof StoreError ? error.cause : error
  return ['40001', '40P01'].includes(sqlStateOf(cause) ?? '')
}

/** A deadlock has two sides and one of them is let through, so a second try nearly always succeeds. */
const triesMax = 4

/** Does the work again after a conflict, which has left nothing of it behind. */
export async function pastConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (tries === triesMax || !isConflict(error)) throw error
      // Apart from the other side, which may try again as well.
      await pause(Math.random() * 20 * tries)
    }
  }
}

/** A value in a message: quoted, without line ends, not longer than a line. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
}
