import { type Fen, fenMax, fenOfYuan } from '../../domain/money.ts'
import { readTime } from '../../text/rfc3339.ts'
import { readShanghaiTime } from '../../text/shanghai-time.ts'
import type { ExportProblem } from './row.ts'

export type AmountUnit = 'yuan' | 'fen'

/** Longer than any number that a gateway accepts. */
const orderNoLengthMax = 64

/**
 * The text of a cell without what spreadsheets and exports put around a long number so that it stays
 * text: an apostrophe, a backtick, a tab, or ="…".
 */
export function bareText(cell: string): string {
  const text = cell.trim()
  const first = text.charCodeAt(0)
  // Most cells begin with a letter or a digit.
  if (first !== 0x27 && first !== 0x60 && first !== 0x3d) return text
  const formula = /^="(.*)"$/.exec(text)?.[1]
  return (formula ?? text.replace(/^['`]/, '')).trim()
}

/** Why a text cannot be the number that was exported; null: it may be. */
export function orderNoProblem(orderNo: string): ExportProblem | null {
  if (orderNo === '') return 'order_no_missing'
  if (orderNo.length > orderNoLengthMax) return 'order_no_too_long'
  return /^\d+(\.\d+)?E\+?\d+$/i.test(orderNo) ? 'order_no_rounded' : null
}

/** Excel keeps 15 digits of a number, and writes zeros for the rest. A true number may look so too. */
export function looksRounded(orderNo: string): boolean {
  return orderNo.length > 15 && orderNo.endsWith('0') && /^\d{15}0+$/.test(orderNo)
}

/** Null: no amount from 0 to the most that can be carried exactly. */
export function readAmount(cell: string, unit: AmountUnit): Fen | null {
  const text = bareText(cell)
  const fen = unit === 'yuan' ? readYuan(text) : readFen(text)
  return fen === null || fen < 0n || fen > fenMax ? null : fen
}

function readYuan(text: string): Fen | null {
  const fen = fenOfYuan(text)
  if (fen !== null) return fen
  const bare = text.replace(/^(?:CNY|RMB|[¥￥])\s*/i, '').replace(/\s*元$/, '')
  const isGrouped = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(bare)
  return fenOfYuan(isGrouped ? bare.replaceAll(',', '') : bare)
}

/** A fraction of a fen cannot be. */
function readFen(text: string): Fen | null {
  return /^\d{1,16}(?:\.0+)?$/.test(text) ? BigInt(text.replace(/\..*/, '')) : null
}

/** How databases and programs write that there is none. */
const absences = ['', '-', '--', '0', 'null', 'NULL', '\\N', 'None', 'nil']

export function isAbsent(text: string): boolean {
  return absences.includes(text) || text.startsWith('0000-00-00')
}

const looseTime =
  /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d+)?)?$/

/**
 * A time with its offset, a Unix time in seconds or milliseconds, or one without an offset, which is of
 * Shanghai unless `offsetMinutes` says otherwise. Null: it is not a time.
 */
export function readExportTime(cell: string, offsetMinutes: number): Date | null {
  const text = bareText(cell)
  const plain = readShanghaiTime(text)
  if (plain !== null) return moved(plain, offsetMinutes)
  if (/^\d{10}(?:\d{3})?$/.test(text)) {
    return readTime(new Date(Number(text) * (text.length === 10 ? 1000 : 1)).toISOString())
  }
  const [, year = '', ...rest] = looseTime.exec(text) ?? []
  if (year !== '') {
    const [month, day, hour, minute, second] = rest.map((each) => (each ?? '0').padStart(2, '0'))
    const time = readShanghaiTime(`${year}-${month}-${day} ${hour}:${minute}:${second ?? '00'}`)
    return time === null ? null : moved(time, offsetMinutes)
  }
  return readTime(
    text.replace(' ', 'T').replace(/([+-]\d\d)(\d\d)?$/, (_, hours, minutes) => {
      return `${hours}:${minutes ?? '00'}`
    }),
  )
}

const shanghaiMinutes = 8 * 60

function moved(time: Date, offsetMinutes: number): Date {
  if (offsetMinutes === shanghaiMinutes) return time
  return new Date(+time + (shanghaiMinutes - offsetMinutes) * 60_000)
}
