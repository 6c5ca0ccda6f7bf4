import { type RawBuilder, sql } from 'kysely'
import { dayMs } from '../text/time-units.ts'
import type { SqlDialect } from './databases/database.ts'
import { pageRowsMax, sameNumberMax, statusesMax } from './databases/limits.ts'
import { keyOf } from './databases/table-facts.ts'
import { type KeyColumn, keyColumns } from './key.ts'
import { endColumn, type Mapping, statusLiteral } from './mapping.ts'
import type { Position } from './position.ts'
import type { ReadWindow } from './source.ts'
import { earliest, timeLiteral } from './times.ts'

type Sql = RawBuilder<unknown>

/** The statements for one table. All values are parameters, all names quoted and from the catalogue. */
export class Statements {
  readonly #mapping: Mapping
  readonly #dialect: SqlDialect
  readonly #key: readonly KeyColumn[]
  readonly #createdAt: Sql

  constructor(mapping: Mapping, dialect: SqlDialect) {
    this.#mapping = mapping
    this.#dialect = dialect
    this.#key = keyColumns(mapping, dialect)
    this.#createdAt = sql.ref(mapping.config.columns.createdAt.column)
  }

  /** The index that makes each page cost the same, however many rows the table has. */
  index(): string {
    const { facts, config } = this.#mapping
    const quote = (name: string) =>
      this.#dialect.kind === 'mysql' ? `\`${name}\`` : `"${name.replaceAll('"', '""')}"`
    const columns = [config.status.column, config.columns.createdAt.column, ...(keyOf(facts) ?? [])]
    const table = `${quote(facts.schema)}.${quote(facts.name)}`
    const list = [...new Set(columns)].map(quote).join(', ')
    return this.#dialect.kind === 'mysql'
      ? `create index budan_scan on ${table} (${list}) algorithm=inplace lock=none`
      : `create index concurrently budan_scan on ${table} (${list})`
  }

  /**
   * Each status is a range of the index by itself, in the order of the page: together they would have
   * to be sorted.
   */
  page(
    after: Position,
    { window, statuses }: { window: ReadWindow; statuses: readonly (string | null)[] },
  ): Sql {
    const condition = this.#datedAfter(after, window)
    return this.#union(statuses, { condition, order: [this.#createdAt, ...this.#keyOrder()] })
  }

  /** Rows that no window would ever have. */
  odd(
    after: readonly string[] | null,
    { window, statuses }: { window: ReadWindow; statuses: readonly (string | null)[] },
  ): Sql {
    const isOdd = this.#isOdd(window)
    const condition = after === null ? isOdd : sql`${isOdd} and ${this.#keyAfter(after)}`
    return this.#union(statuses, { condition, order: this.#keyOrder() })
  }

  /** Of every row that a page may have; where no index begins with the status. */
  statuses(window: ReadWindow): Sql {
    const isDated = this.#datedAfter({ phase: 'dated', at: null }, window)
    return sql`select distinct ${this.#plain(this.#mapping.config.status.column)} as status from ${this.#table()}
      where ((${isDated}) or ${this.#isOdd(window)})${this.#only()} limit ${statusesMax + 1}`
  }

  count(status: string | null, window: ReadWindow): Sql {
    const condition = this.#datedAfter({ phase: 'dated', at: null }, window)
    return sql`select count(*) as count from ${this.#table()}
      where ${this.#hasStatus(status)} and ${condition}${this.#only()}`
  }

  byStatus(window: ReadWindow): Sql {
    const condition = this.#datedAfter({ phase: 'dated', at: null }, window)
    const { column } = this.#mapping.config.status
    return sql`select ${this.#plain(column)} as status, count(*) as count from ${this.#table()}
      where ${condition}${this.#only()} group by ${sql.ref(column)} order by 2 desc limit 61`
  }

  /** @param statuses each is the end of a range of the index; null: there is none. */
  newest(statuses: readonly (string | null)[] | null): Sql {
    const at = this.#createdAt
    const newestOf = (condition: Sql) => sql`select ${this.#fields()} from ${this.#table()}
      where ${at} is not null${condition}${this.#only()} order by ${at} desc limit 5`
    if (statuses === null) return newestOf(sql``)
    const branches = statuses.map(
      (status, nth) =>
        sql`select * from (${newestOf(sql` and ${this.#hasStatus(status)}`)}) as ${sql.id(`b${nth}`)}`,
    )
    return sql`select * from (${sql.join(branches, sql` union all `)}) as newest order by at desc limit 5`
  }

  withNumbers(orderNos: readonly string[]): Sql {
    const column = sql.ref(this.#mapping.config.columns.orderNo)
    return sql`select ${this.#fields()} from ${this.#table()}
      where ${column} in (${sql.join(orderNos)})${this.#only()} limit ${sameNumberMax}`
  }

  #isOdd({ to }: ReadWindow): Sql {
    const at = this.#createdAt
    const later = new Date(+to + dayMs)
    return sql`(${at} is null or ${at} < ${this.#time(earliest)} or ${at} >= ${this.#time(later)})`
  }

  #union(
    statuses: readonly (string | null)[],
    { condition, order }: { readonly condition: Sql; readonly order: readonly Sql[] },
  ): Sql {
    const branches = statuses.map(
      (status, at) => sql`select * from (select ${this.#fields()} from ${this.#table()}
        where ${this.#hasStatus(status)} and ${condition}${this.#only()}
        order by ${sql.join(order)} limit ${pageRowsMax}) as ${sql.id(`b${at}`)}`,
    )
    const isDated = order[0] === this.#createdAt
    const outer = [...(isDated ? ['at'] : []), ...this.#key.map((_, at) => `key${at}`)]
    return sql`select * from (${sql.join(branches, sql` union all `)}) as page
      order by ${sql.join(outer.map((name) => sql.ref(name)))} limit ${pageRowsMax}`
  }

  #datedAfter(after: Position, { from, to }: ReadWindow): Sql {
    const at = this.#createdAt
    const whole = sql`${at} >= ${this.#time(from)} and ${at} < ${this.#time(to)}`
    if (after.phase !== 'dated' || after.at === null) return whole
    if (after.key.length === 0)
      return sql`${at} >= ${this.#value(after.at)} and ${at} < ${this.#time(to)}`
    // The bound by itself comes first: it is what the planner makes a range of.
    return sql`${at} >= ${this.#value(after.at)} and ${at} < ${this.#time(to)}
      and (${at} > ${this.#value(after.at)} or (${at} = ${this.#value(after.at)} and ${this.#keyAfter(after.key)}))`
  }

  #hasStatus(status: string | null): Sql {
    const { column: name } = this.#mapping.config.status
    const column = sql.ref(name)
    if (status === null) return sql`${column} is null`
    const { kind } = this.#mapping.column(name)
    const isNumber = kind === 'integer' || kind === 'bit' || kind === 'decimal'
    // MySQL compares a number and a text as floats.
    const isWhole = isNumber && /^-?\d+$/.test(status)
    const literal = isWhole && this.#dialect.kind === 'mysql' ? BigInt(status) : status
    return sql`${column} = ${literal}`
  }

  #only(): Sql {
    const { only } = this.#mapping.config
    const conditions = Object.entries(only).map(([name, value]) => {
      if (value === null) return sql` and ${sql.ref(name)} is null`
      const literal = statusLiteral(value, this.#mapping.column(name)) ?? value
      return sql` and ${sql.ref(name)} = ${literal}`
    })
    return sql.join(conditions, sql``)
  }

  #fields(): Sql {
    const { columns, status } = this.#mapping.config
    const end = endColumn(columns)
    const fields = [
      sql`${this.#createdAt} as at`,
      ...this.#key.map(({ text }, at) => sql`${text} as ${sql.id(`key${at}`)}`),
      sql`${this.#plain(columns.orderNo)} as order_no`,
      sql`${this.#plain(columns.userId)} as user_id`,
      ...columns.amount.columns.map(
        (name, at) => sql`${this.#amount(name)} as ${sql.id(`amount${at}`)}`,
      ),
      sql`${this.#plain(status.column)} as status`,
      ...(end === null ? [] : [sql`${sql.ref(end.column)} as ends_at`]),
    ]
    return sql.join(fields)
  }

  /** A bit of MySQL would come as a byte, and `character(n)` of PostgreSQL filled up with blanks. */
  #plain(name: string): Sql {
    const { kind, type } = this.#mapping.column(name)
    if (kind === 'bit') return sql`${sql.ref(name)} + 0`
    return /^character\(/.test(type) ? sql`${sql.ref(name)}::text` : sql.ref(name)
  }

  #keyOrder(): readonly Sql[] {
    return this.#key.map(({ order }) => order)
  }

  /** A float that is not, to a millionth, of two places stays as it is, and is refused. */
  #amount(name: string): Sql {
    const column = sql.ref(name)
    if (this.#mapping.column(name).kind !== 'float') return column
    const text = this.#dialect.kind === 'mysql' ? sql`char` : sql`text`
    const rounded = sql`cast(${column} as decimal(20,2))`
    return sql`case when ${column} between -1e15 and 1e15 then
      case when abs(${rounded} - ${column}) <= 0.000001 then cast(${rounded} as ${text})
        else cast(${column} as ${text}) end
      else cast(${column} as ${text}) end`
  }

  #time(at: Date): unknown {
    const { createdAt } = this.#mapping.config.columns
    return this.#value(timeLiteral(at, createdAt, this.#mapping.column(createdAt.column).kind))
  }

  /** The server takes a text for what its column is; of an instant PostgreSQL wants the offset. */
  #value(text: string): unknown {
    const { createdAt } = this.#mapping.config.columns
    if (createdAt.unix !== null && /^\d+$/.test(text)) return BigInt(text)
    const { kind, type } = this.#mapping.column(createdAt.column)
    if (this.#dialect.kind !== 'postgres') return text
    // A day is compared with a time of day: as a day, the bound would lose it.
    if (type === 'date') return sql`${text}::timestamp`
    return kind === 'instant' && !/\+00$/.test(text) ? `${text}+00` : text
  }

  #table(): Sql {
    return sql.id(this.#mapping.facts.schema, this.#mapping.facts.name)
  }

  /** `(a, b) > (x, y)`, written out: MySQL uses an index for its first part alone otherwise. */
  #keyAfter(texts: readonly string[]): Sql {
    const values = this.#key.map((column, at) => column.value(texts[at] ?? ''))
    const columns = this.#keyOrder()
    const cases = columns.map((column, at) => {
      const before = columns.slice(0, at).map((each, nth) => sql`${each} = ${values[nth]} and `)
      return sql`(${sql.join(before, sql``)}${column} > ${values[at]})`
    })
    return sql`(${sql.join(cases, sql` or `)})`
  }
}
