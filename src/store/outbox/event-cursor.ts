import { CursorError, CursorGoneError } from '../errors.ts'
import { cursorOf, partsOf } from '../sql/cursor.ts'

/** Where a reader of events is. */
export interface EventCursor {
  readonly position: bigint
  /** The beginnings of the database's id and of the event's there: a restored or another database has others. */
  readonly database: string
  readonly event: string
}

export function formatEventCursor({ position, database, event }: EventCursor): string {
  return cursorOf(['events', String(position), database, event])
}

/** Throws `CursorError`. */
export function parseEventCursor(text: string): EventCursor {
  const [kind, position, database, event] = partsOf(text, 4)
  const isPosition = typeof position === 'string' && /^\d{1,18}$/.test(position)
  if (kind !== 'events' || !isPosition || !isMark(database) || !isMark(event)) {
    throw new CursorError(`Cannot read the cursor ${shown(text)}: it is not one of the events`)
  }
  return { position: BigInt(position), database, event }
}

/** No two ids that are compared here have the same, and the cursor is still short. */
export function markOf(id: string | null): string {
  return id?.slice(0, 8) ?? ''
}

function isMark(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{0,8}$/.test(value)
}

/** What a database has where a cursor points at. */
export interface AtCursor {
  /** The last position that was given, and the last that was removed. */
  readonly last: bigint
  readonly floor: bigint
  readonly database: string
  /** Of the event at the cursor's position; empty where there is none. */
  readonly event: string
}

/** Throws `CursorGoneError` where a reader who goes on from here could miss something. */
export function examineCursor(cursor: EventCursor, text: string, at: AtCursor): void {
  const why = whyGone(cursor, at)
  if (why !== null) throw new CursorGoneError(`Cannot go on from the cursor ${shown(text)}: ${why}`)
}

function whyGone(cursor: EventCursor, { last, floor, database, event }: AtCursor): string | null {
  // Nothing had happened yet, so perhaps the database had no id either.
  const isStart = cursor.position === 0n
  if (cursor.database !== database && !(isStart && cursor.database === '')) {
    return 'it is of another database'
  }
  if (cursor.position > last) return 'the database was restored to a time before it'
  if (isStart ? floor > 0n : cursor.position <= floor) {
    return 'the events behind it are not kept any more'
  }
  if (cursor.event !== event) return 'the database was restored to a time before it'
  return null
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40))
}
