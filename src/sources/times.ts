import type { TimeColumn } from '../config/sources/source-config.ts'
import { isStorableTime } from '../text/rfc3339.ts'
import { localTime, zonedTime } from '../text/zoned-time.ts'
import type { ColumnKind } from './databases/table-facts.ts'

/** No gateway is as old: a time before this one is no time, or is in another unit. */
export const earliest = new Date('2010-01-01T00:00:00Z')

/** Text of a time column as an instant; null: it is none. */
export function timeIn(text: string, time: TimeColumn, kind: ColumnKind): Date | null {
  const at = time.unix === null ? clockTime(text, time, kind) : unixTime(text, time.unix)
  return at !== null && !Number.isNaN(+at) && isStorableTime(at) && at >= earliest ? at : null
}

/** What a shop writes where there is no time. */
export function isNoTime(text: string | null): boolean {
  return text === null || /^(|0|0000-00-00.*)$/.test(text.trim())
}

function unixTime(text: string, unit: 's' | 'ms'): Date | null {
  if (!/^\d{1,16}(\.\d+)?$/.test(text)) return null
  return new Date(Math.trunc(Number(text) * (unit === 's' ? 1000 : 1)))
}

/** An instant is in UTC, as the session is: PostgreSQL writes the offset behind it, MySQL does not. */
function clockTime(text: string, { zone }: TimeColumn, kind: ColumnKind): Date | null {
  const bare = kind === 'instant' ? text.replace(/\+00(:00)?$/, '') : text
  return zonedTime(bare, kind === 'instant' ? 'UTC' : (zone ?? 'UTC'))
}

/** The least value of the column that is not before the instant. */
export function timeLiteral(at: Date, time: TimeColumn, kind: ColumnKind): string {
  if (time.unix !== null) return String(Math.ceil(+at / (time.unix === 's' ? 1000 : 1)))
  return localTime(at, kind === 'instant' ? 'UTC' : (time.zone ?? 'UTC'))
}
