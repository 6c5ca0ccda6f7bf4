import { ConfigError } from '../../config/fault.ts'
import { isMapping, readConfigFile } from '../../config/file.ts'
import { nearest } from '../../text/suggest.ts'
import type { AmountUnit } from './cells.ts'
import type { ColumnUse } from './known-words.ts'
import type { Standing } from './row.ts'

/** How an export is to be read, as far as a person has said it. */
export interface ExportMap {
  readonly columns: Readonly<Partial<Record<ColumnUse, string>>>
  readonly unit: AmountUnit | null
  /** Of times without one. */
  readonly offsetMinutes: number
  /** What the statuses mean; `paid`: every row was paid, and there is no such column. */
  readonly statuses: ReadonlyMap<string, Standing> | 'paid'
  /** Only rows with these values count. */
  readonly only: ReadonlyMap<string, string>
}

const shanghaiMinutes = 480

export const emptyMap: ExportMap = {
  columns: {},
  unit: null,
  offsetMinutes: shanghaiMinutes,
  statuses: new Map(),
  only: new Map(),
}

const uses: readonly ColumnUse[] = ['order_no', 'amount', 'status', 'paid_at', 'user_id']
const unitKeys: Readonly<Partial<Record<ColumnUse, readonly string[]>>> = {
  amount: ['unit'],
  paid_at: ['zone'],
}
const standings: readonly Standing[] = ['paid', 'unpaid', 'refunded']

/** Reads a map. Throws ConfigError. */
export function readMap(file: string): ExportMap {
  const tree = readConfigFile(file)
  const faults: string[] = []
  const fault = (path: string, why: string) => {
    faults.push(`${file}: ${path}: ${why}`)
  }
  const known = (
    given: Readonly<Record<string, unknown>>,
    ...[path, keys]: [string, readonly string[]]
  ) => {
    for (const key of Object.keys(given).filter((each) => !keys.includes(each))) {
      const meant = nearest(key, keys)
      fault(path + key, meant === null ? 'unknown key' : `unknown key; did you mean ${meant}?`)
    }
  }
  const section = (path: string): Readonly<Record<string, unknown>> => {
    const given = tree[path] ?? {}
    if (typeof given === 'object' && !Array.isArray(given)) return given as Record<string, unknown>
    fault(path, 'must hold keys, like "key: value"')
    return {}
  }
  known(tree, '', ['columns', 'status', 'only'])
  const columns = section('columns')
  known(columns, 'columns.', uses)
  for (const use of uses.filter((each) => isMapping(columns[each]))) {
    const keys = ['column', ...(unitKeys[use] ?? [])]
    known(columns[use] as Record<string, unknown>, `columns.${use}.`, keys)
  }
  const read = readColumns(columns, fault)
  const statuses =
    tree.status === 'paid' ? ('paid' as const) : readStatuses(section('status'), fault)
  if (tree.status !== 'paid') known(section('status'), 'status.', standings)
  const only = Object.entries(section('only')).map(([key, value]) => {
    if (typeof value !== 'string') fault(`only.${key}`, 'must be one value')
    return [key, String(value)] as const
  })
  if (faults.length > 0) throw new ConfigError([...new Set(faults)])
  return { ...read, statuses, only: new Map(only) }
}

type Fault = (path: string, why: string) => void

function readColumns(given: Readonly<Record<string, unknown>>, fault: Fault) {
  const columns: Partial<Record<ColumnUse, string>> = {}
  let unit: AmountUnit | null = null
  let offsetMinutes = shanghaiMinutes
  for (const use of uses.filter((each) => each in given)) {
    const path = `columns.${use}`
    const value = given[use]
    const parts = typeof value === 'string' ? { column: value } : (value as Record<string, unknown>)
    if (typeof parts.column === 'string' && parts.column !== '') columns[use] = parts.column
    else fault(path, 'must name a column, like "订单号" or { column: 金额, unit: yuan }')
    const { unit: unitGiven, zone } = parts as { unit?: unknown; zone?: unknown }
    if (use === 'amount' && unitGiven !== undefined) {
      if (unitGiven === 'yuan' || unitGiven === 'fen') unit = unitGiven
      else fault(`${path}.unit`, 'must be yuan or fen')
    }
    if (use === 'paid_at' && zone !== undefined) {
      const minutes = offsetOf(String(zone))
      if (minutes === null)
        fault(`${path}.zone`, 'must be Asia/Shanghai, UTC, or an offset like +08:00')
      else offsetMinutes = minutes
    }
  }
  return { columns, unit, offsetMinutes }
}

function readStatuses(
  given: Readonly<Record<string, unknown>>,
  fault: Fault,
): ReadonlyMap<string, Standing> {
  const statuses = new Map<string, Standing>()
  for (const standing of standings.filter((each) => each in given)) {
    const words = [given[standing]].flat()
    for (const word of words) {
      if (typeof word !== 'string') fault(`status.${standing}`, 'must be a list of statuses')
      else if (statuses.has(word) && statuses.get(word) !== standing) {
        fault(`status.${standing}`, `${JSON.stringify(word)} has another meaning already`)
      } else statuses.set(word, standing)
    }
  }
  return statuses
}

function offsetOf(zone: string): number | null {
  if (zone === 'Asia/Shanghai') return shanghaiMinutes
  if (zone === 'UTC') return 0
  const [, sign, hours = '', minutes = ''] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? []
  if (sign === undefined || Number(hours) > 14 || Number(minutes) > 59) return null
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
