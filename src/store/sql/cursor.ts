import { sql } from 'kysely'
import { assert } from '../../domain/assert.ts'
import { CursorError } from '../errors.ts'
import type { Page, PageRequest } from '../page.ts'

export type PageKind =
  | 'orders'
  | 'reviews'
  | 'order_events'
  | 'latest_order_events'
  | 'entries'
  | 'latest_entries'
  | 'runs'
  | 'sessions'
  | 'exceptions'
  | 'deliveries'

/** Where a page ended: the sort key of its last row. A time in milliseconds, or null, and a key. */
export interface Position {
  readonly at: number | null
  readonly key: string
}

/** The position of a row in a list by id. */
export function byId({ id }: { readonly id: bigint | string }): Position {
  return { at: null, key: String(id) }
}

/** A list by id, from one of its ends: where it starts, and how a statement goes on from an id. */
export const walks = {
  oldest: { start: '0', beyond: sql`>`, order: sql`asc` },
  newest: { start: '9223372036854775807', beyond: sql`<`, order: sql`desc` },
} as const

export type Walk = (typeof walks)[keyof typeof walks]

/** The position of an order in a list by the time of its creation. */
export function byCreation(order: { readonly createdAt: Date; readonly key: string }): Position {
  return { at: +order.createdAt, key: order.key }
}

/** More than this in one answer is of no use, and holds memory. */
const limitMax = 200

/** Where to start; null: at the beginning. Throws `CursorError`. */
export function startOf(kind: PageKind, { limit, cursor }: PageRequest): Position | null {
  const isLimit = Number.isInteger(limit) && limit >= 1 && limit <= limitMax
  assert(isLimit, `Cannot list ${limit} rows: a page has 1 to ${limitMax}`)
  return cursor === null ? null : decode(kind, cursor)
}

/** A page out of up to `limit + 1` rows: the last one only shows that there are more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  shape: {
    readonly kind: PageKind
    readonly limit: number
    readonly item: (row: Row) => Item
    readonly position: (row: Row) => Position
  },
): Page<Item> {
  const shown = rows.slice(0, shape.limit)
  const last = rows.length > shape.limit ? shown.at(-1) : undefined
  const end = last && shape.position(last)
  return {
    items: shown.map(shape.item),
    nextCursor: end === undefined ? null : cursorOf([shape.kind, end.at, end.key]),
  }
}

function decode(kind: PageKind, cursor: string): Position {
  const [found, at, key] = partsOf(cursor, 3)
  const isTime = at === null || isStorableTime(at)
  const isKey = typeof key === 'string' && !key.includes('\0')
  const isByTime = kind === 'orders' || kind === 'reviews' || kind === 'sessions'
  const isOfKind = isByTime ? typeof at === 'number' : /^\d{1,18}$/.test(String(key))
  if (found !== kind || !isTime || !isKey || !isOfKind) throw unreadable(cursor)
  return { at: at as number | null, key }
}

/** Of the years 1 to 9999: what is beyond them no database reads as JavaScript writes it. */
function isStorableTime(at: unknown): boolean {
  return Number.isSafeInteger(at) && firstTime <= (at as number) && (at as number) <= lastTime
}

const firstTime = Date.parse('0001-01-01T00:00:00Z')
const lastTime = Date.parse('9999-12-31T23:59:59.999Z')

export function cursorOf(parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** None where it is no cursor of `count` parts. */
export function partsOf(cursor: string, count: number): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(parsed) && parsed.length === count ? parsed : []
  } catch {
    return []
  }
}

function unreadable(cursor: string): CursorError {
  const shown = JSON.stringify(cursor.slice(0, 40))
  return new CursorError(`Cannot read the page cursor ${shown}: it is not one of this list's`)
}
