import { type RawBuilder, sql } from 'kysely'
import type { SqlDialect } from './databases/database.ts'
import { type ColumnFacts, keyOf } from './databases/table-facts.ts'
import type { Mapping } from './mapping.ts'

type Sql = RawBuilder<unknown>

/**
 * One of the columns that name a row. A page ends at one key, and the next begins after it: where order and
 * comparison do not agree, rows between them are left out.
 */
export interface KeyColumn {
  /** By this, rows are ordered and compared. */
  readonly order: Sql
  /** As a position keeps it; it has the same order. */
  readonly text: Sql
  /** Of that text, to compare `order` with. */
  value(text: string): unknown
}

/** The key of the table, or else the order number. */
export function keyColumns(mapping: Mapping, { kind }: SqlDialect): readonly KeyColumn[] {
  const keyColumn = kind === 'mysql' ? mysqlColumn : postgresColumn
  const names = keyOf(mapping.facts)
  if (names !== null) return names.map((name) => keyColumn(mapping.column(name)))
  const orderNo = sql.ref(mapping.config.columns.orderNo)
  // By its bytes: two numbers that a collation takes for one are two rows.
  const bytes =
    kind === 'mysql'
      ? sql`coalesce(hex(cast(${orderNo} as char)), '')`
      : sql`coalesce(${orderNo}::text collate "C", '')`
  return [{ order: bytes, text: bytes, value: (text) => text }]
}

function mysqlColumn(column: ColumnFacts): KeyColumn {
  const order = sql.ref(column.name)
  if (/^(var)?binary\(/i.test(column.type)) {
    // Bytes that are no characters would not come back as they went.
    return { order, text: sql`hex(${order})`, value: (text) => sql`unhex(${text})` }
  }
  if (/^(enum|set|bit)\(/i.test(column.type)) {
    // Ordered by their numbers, and compared with a text by their labels.
    return { order, text: sql`cast(${order} as unsigned)`, value: BigInt }
  }
  return { order, text: order, value: valueIn(column) }
}

function postgresColumn(column: ColumnFacts): KeyColumn {
  const order = sql.ref(column.name)
  if (!/\bcitext$/.test(column.type)) return { order, text: order, value: valueIn(column) }
  // Its own operators are in a schema that is not searched.
  const exact = sql`${order}::text collate "C"`
  return { order: exact, text: exact, value: (text) => text }
}

/** MySQL may compare a number and a text as floats, which takes neighbours for one. */
function valueIn({ kind }: ColumnFacts): (text: string) => unknown {
  const isNumber = kind === 'integer' || kind === 'decimal'
  return (text) => (isNumber && /^-?\d+$/.test(text) ? BigInt(text) : text)
}
