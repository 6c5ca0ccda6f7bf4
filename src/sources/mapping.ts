import { ConfigError } from '../config/fault.ts'
import type { SourceConfig, TimeColumn } from '../config/sources/source-config.ts'
import { nearest } from '../text/suggest.ts'
import {
  type ColumnFacts,
  nameOfTable,
  type TableFacts,
  type TableName,
} from './databases/table-facts.ts'

/** The mapping of the configuration, held against the catalogue: every column is there, and fits. */
export interface Mapping {
  readonly config: SourceConfig
  readonly facts: TableFacts
  /** Throws for a name that was not checked. */
  column(name: string): ColumnFacts
}

/** The column of the time at which an order ends. Null: none has it. */
export function endColumn({ expiresAt }: SourceConfig['columns']): TimeColumn | null {
  return expiresAt !== null && 'column' in expiresAt ? expiresAt : null
}

/** `orders` or `shop.orders`. */
export function tableNameOf(table: string): TableName {
  const [first = '', second] = table.split('.')
  return second === undefined ? { schema: '', name: first } : { schema: first, name: second }
}

/** Throws one ConfigError with every fault. */
export function mappingOf(config: SourceConfig, facts: TableFacts): Mapping {
  const faults = [
    ...missingColumns(config, facts),
    ...timeFaults(config, facts),
    ...amountFaults(config, facts),
    ...statusFaults(config, facts),
    ...onlyFaults(config, facts),
  ]
  if (faults.length > 0) {
    throw new ConfigError(faults.map((fault) => `source "${config.name}" ${fault}`))
  }
  const byName = new Map(facts.columns.map((column) => [column.name, column]))
  return {
    config,
    facts,
    column: (name) => {
      const column = byName.get(name)
      if (column === undefined) throw new TypeError(`The column "${name}" was not checked`)
      return column
    },
  }
}

/** Every column of the configuration, by the path of its key. */
function columnsNamed({
  columns,
  status,
  only,
}: SourceConfig): readonly (readonly [string, string])[] {
  const optional = (path: string, name: string | null) =>
    name === null ? [] : [[path, name] as const]
  return [
    ['columns.order_no', columns.orderNo],
    ['columns.user_id', columns.userId],
    ...columns.amount.columns.map((name) => ['columns.amount', name] as const),
    ['columns.created_at', columns.createdAt.column],
    ...optional('columns.expires_at', endColumn(columns)?.column ?? null),
    ...optional('columns.transaction_id', columns.transactionId),
    ...optional('columns.paid_at', columns.paidAt),
    ['status.column', status.column],
    ...Object.keys(only).map((name) => ['only', name] as const),
  ]
}

function missingColumns(config: SourceConfig, facts: TableFacts): readonly string[] {
  const names = facts.columns.map(({ name }) => name)
  return columnsNamed(config)
    .filter(([, name]) => !names.includes(name))
    .map(([path, name]) => {
      const near = nearest(name, names)
      const hint =
        near === null
          ? `it has ${names.join(', ')}`
          : `did you mean ${near}? It has ${names.join(', ')}`
      return `${path}: ${nameOfTable(facts)} has no column "${name}"; ${hint}`
    })
}

function timeFaults({ columns }: SourceConfig, facts: TableFacts): readonly string[] {
  const end = endColumn(columns)
  return [
    ...timeFault('columns.created_at', columns.createdAt, facts),
    ...(end === null ? [] : timeFault('columns.expires_at', end, facts)),
  ]
}

function timeFault(path: string, time: TimeColumn, facts: TableFacts): readonly string[] {
  const column = facts.columns.find(({ name }) => name === time.column)
  if (column === undefined) return []
  const what = `"${time.column}" is of the type ${column.type}`
  switch (column.kind) {
    case 'instant':
      return time.unix === null ? [] : [`${path}.unix: ${what}, not a number: leave unix out`]
    case 'local':
      if (time.unix !== null) return [`${path}.unix: ${what}, not a number: leave unix out`]
      return time.zone === null
        ? [
            `${path}.zone: ${what}, which has no time zone: give the one that it is written in, like Asia/Shanghai`,
          ]
        : []
    case 'integer':
    case 'decimal':
    case 'float':
      return time.unix === null ? [`${path}.unix: ${what}: give s or ms, its unit since 1970`] : []
    default:
      return [`${path}: ${what}, which is no time: make a view that converts it`]
  }
}

function amountFaults({ columns }: SourceConfig, facts: TableFacts): readonly string[] {
  return columns.amount.columns.flatMap((name) => {
    const column = facts.columns.find((each) => each.name === name)
    if (column === undefined || /^(integer|decimal|float|text)$/.test(column.kind)) return []
    return [`columns.amount: "${name}" is of the type ${column.type}, which is no amount`]
  })
}

/** A status that the column cannot have is a mistake in one of them. */
function statusFaults({ status }: SourceConfig, facts: TableFacts): readonly string[] {
  const column = facts.columns.find(({ name }) => name === status.column)
  if (column === undefined) return []
  const lists = { pending: status.pending, revive: status.revive, done: status.done }
  const single = { paid: status.paid, expired: status.expired }
  const given = [
    ...Object.entries(lists).flatMap(([key, values]) =>
      values.map((value) => [key, value] as const),
    ),
    ...Object.entries(single).flatMap(([key, value]) =>
      value === null ? [] : [[key, value] as const],
    ),
  ]
  return given
    .filter(([, value]) => statusLiteral(value, column) === null)
    .map(
      ([key, value]) =>
        `status.${key}: ${JSON.stringify(value)} is no value of "${status.column}", which is of the type ${column.type}`,
    )
}

/** MySQL would take a text for the number 0. */
function onlyFaults({ only }: SourceConfig, facts: TableFacts): readonly string[] {
  return Object.entries(only).flatMap(([name, value]) => {
    const column = facts.columns.find((each) => each.name === name)
    if (value === null || column === undefined || isPossible(value, column)) return []
    return [
      `only.${name}: ${JSON.stringify(value)} is no value of "${name}", which is of the type ${column.type}`,
    ]
  })
}

function isPossible(value: string, column: ColumnFacts): boolean {
  const isFraction = column.kind === 'decimal' || column.kind === 'float'
  if (isFraction && /^-?\d+(\.\d+)?$/.test(value)) return true
  const isOfSome = ['text', 'local', 'instant', 'other'].includes(column.kind)
  return (isOfSome && column.labels === null) || statusLiteral(value, column) !== null
}

/** The value as the column writes it; null: it can have no such value. */
export function statusLiteral(value: string, { kind, labels }: ColumnFacts): string | null {
  if (labels !== null) return labels.includes(value) ? value : null
  const asNumber = { true: '1', false: '0' }[value] ?? value
  switch (kind) {
    case 'boolean':
      return { true: 't', t: 't', '1': 't', false: 'f', f: 'f', '0': 'f' }[value] ?? null
    case 'bit':
    case 'integer':
    case 'decimal':
      return /^-?\d{1,18}$/.test(asNumber) ? asNumber : null
    case 'text':
      return value
    default:
      return null
  }
}
