import type { Row, SourceDatabase } from './databases/database.ts'
import { pageRowsMax, sameNumberMax, statusesMax } from './databases/limits.ts'
import { isUnique, keyOf, nameOfTable } from './databases/table-facts.ts'
import { attemptAt } from './failure.ts'
import type { Mapping } from './mapping.ts'
import { placeOf } from './place.ts'
import { type Position, readPosition, writePosition } from './position.ts'
import { positionKey, type ReadRow, RowReader, standings } from './rows.ts'
import {
  type OrderSource,
  type ReadWindow,
  type RereadRows,
  type RowFault,
  SourceError,
  type SourceOrder,
  type SourcePage,
  type SourceTrap,
} from './source.ts'
import { Statements } from './statements.ts'
import { timeIn, timeLiteral } from './times.ts'
import { trapsOf } from './traps.ts'

/** A row may become visible after one with a later time: by a transaction that took as long as this. */
const overlapMs = 10 * 60_000

type Statuses = readonly (string | null)[]

/** Reads a table page by page. It keeps nothing between pages but the statuses that it found. */
export class TableSource implements OrderSource {
  readonly name: string
  readonly place: string
  readonly #database: SourceDatabase
  readonly #mapping: Mapping
  readonly #statements: Statements
  readonly #rows: RowReader
  readonly #isUnique: boolean
  #statuses: Promise<Statuses> | null = null
  #given: string | null = null

  constructor(database: SourceDatabase, mapping: Mapping) {
    const { config, facts } = mapping
    this.name = config.name
    this.place = placeOf(database.server, mapping)
    this.#database = database
    this.#mapping = mapping
    this.#statements = new Statements(mapping, database.dialect)
    this.#rows = new RowReader(mapping)
    this.#isUnique = isUnique(facts, config.columns.orderNo)
  }

  estimate(window: ReadWindow): Promise<number> {
    return this.#attempt('count the rows of', async () => {
      const statuses = await this.#scanned(window)
      let sum = 0
      for (const status of statuses) {
        const [row] = await this.#read(this.#statements.count(status, window))
        sum += Number(row?.count ?? 0)
      }
      return sum
    })
  }

  page(after: string | null, window: ReadWindow): Promise<SourcePage> {
    return this.#attempt('read', async () => {
      const position = after === null ? null : this.#resumed(after, window)
      const statuses = await this.#scanned(window)
      const odd = await this.#oddPage(position, { window, statuses })
      const page = odd ?? (await this.#datedPage(position, { window, statuses }))
      this.#given = page.next
      return page
    })
  }

  reread(orderNos: readonly string[]): Promise<RereadRows> {
    return this.#attempt('read rows again from', async () => {
      const rows = orderNos.length === 0 ? [] : await this.#withNumbers(orderNos)
      const wanted = new Set(orderNos)
      // A collation may find numbers that differ in case.
      const own = rows.filter(({ order_no: no }) => wanted.has(no ?? ''))
      const counts = countsOf(own)
      return sorted(own.map((row) => this.#judged(row, (counts.get(row.order_no ?? '') ?? 0) > 1)))
    })
  }

  traps(): Promise<readonly SourceTrap[]> {
    return this.#attempt('examine', () =>
      this.#database.read((query) =>
        trapsOf(this.#mapping, {
          query,
          dialect: this.#database.dialect,
          index: this.#statements.index(),
        }),
      ),
    )
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  /** Rows without a time come first. Null: there are none left. */
  async #oddPage(
    position: Position | null,
    given: { readonly window: ReadWindow; readonly statuses: Statuses },
  ): Promise<SourcePage | null> {
    if (position?.phase === 'dated') return null
    const rows = await this.#read(this.#statements.odd(position?.key ?? null, given))
    if (rows.length === 0) return null
    const { column } = this.#mapping.config.columns.createdAt
    const faults = rows.map((row): RowFault => {
      const read = this.#rows.read(row)
      if (read.kind === 'fault') return read.fault
      const [key, value] = [this.#rows.keyOf(row), row.at ?? null]
      return { orderNo: row.order_no ?? null, key, column, value, problem: 'time_unreadable' }
    })
    const key = positionKey(rows.at(-1) ?? {})
    return { orders: [], faults, next: writePosition({ phase: 'odd', key }) }
  }

  async #datedPage(
    position: Position | null,
    given: { readonly window: ReadWindow; readonly statuses: Statuses },
  ): Promise<SourcePage> {
    const after = position?.phase === 'dated' ? position : ({ phase: 'dated', at: null } as const)
    const rows = await this.#read(this.#statements.page(after, given))
    const several = await this.#numbersOfSeveral(rows)
    const read = rows.map((row) => this.#judged(row, several.has(row.order_no ?? '')))
    const last = rows.at(-1)
    const next =
      last === undefined || rows.length < pageRowsMax
        ? null
        : writePosition({ phase: 'dated', at: last.at ?? '', key: positionKey(last) })
    const { orders, faults } = sorted(read)
    return { orders, faults, next }
  }

  #judged(row: Row, isOfSeveral: boolean): ReadRow {
    const read = this.#rows.read(row)
    if (!isOfSeveral || read.kind === 'fault') return read
    const [column, orderNo] = [this.#mapping.config.columns.orderNo, row.order_no ?? null]
    const problem = 'order_no_duplicate' as const
    return {
      kind: 'fault',
      fault: { orderNo, key: this.#rows.keyOf(row), column, value: orderNo, problem },
    }
  }

  /** Where no unique index keeps a number to one row, a page costs one more statement. */
  async #numbersOfSeveral(rows: readonly Row[]): Promise<ReadonlySet<string>> {
    if (this.#isUnique || rows.length === 0) return new Set()
    const numbers = [...new Set(rows.map(({ order_no: no }) => no ?? '').filter((no) => no !== ''))]
    if (numbers.length === 0) return new Set()
    const found = await this.#withNumbers(numbers)
    return new Set([...countsOf(found)].filter(([, count]) => count > 1).map(([no]) => no))
  }

  async #withNumbers(orderNos: readonly string[]): Promise<readonly Row[]> {
    const rows = await this.#read(this.#statements.withNumbers(orderNos))
    if (rows.length < sameNumberMax) return rows
    const column = this.#mapping.config.columns.orderNo
    const message = `Cannot read source "${this.name}": ${orderNos.length} values of its column "${column}" have ${sameNumberMax} rows or more: it is no order number`
    throw new SourceError(message, { isTransient: false })
  }

  /**
   * Pending, revivable, and each value that the mapping does not name: those rows are shown, as nobody
   * knows whether they were paid.
   */
  #scanned(window: ReadWindow): Promise<Statuses> {
    this.#statuses ??= this.#foundStatuses(window).catch((error: unknown) => {
      this.#statuses = null
      throw error
    })
    return this.#statuses
  }

  async #foundStatuses(window: ReadWindow): Promise<Statuses> {
    const { config, facts, column } = this.#mapping
    const { status } = config
    const named = [...standings(this.#mapping)]
    const read = named.filter(([, standing]) => standing !== 'credited').map(([value]) => value)
    const known = new Set(named.map(([value]) => this.#folded(value)))
    const hasIndex = facts.indexes.some(
      ({ columns, predicate }) => predicate === null && columns[0] === status.column,
    )
    const found = hasIndex ? await this.#walked() : await this.#distinct(window)
    if (found.length > statusesMax) {
      const message = `Cannot read source "${this.name}": its column "${status.column}" has more than ${statusesMax} values: it is no status`
      throw new SourceError(message, { isTransient: false })
    }
    const unknown = found.filter((value) => value !== null && !known.has(this.#folded(value)))
    const isNullable = column(status.column).isNullable || facts.isView
    return [...read, ...unknown, ...(isNullable ? [null] : [])]
  }

  /** What the database takes for the same: it finds such rows by one of them. */
  #folded(value: string): string {
    const { ignoresCase, ignoresBlanks } = this.#mapping.column(this.#mapping.config.status.column)
    const bare = ignoresBlanks ? value.replace(/ +$/, '') : value
    return ignoresCase ? bare.toLowerCase() : bare
  }

  #walked(): Promise<Statuses> {
    const { facts, config, column } = this.#mapping
    const given = { table: facts, column: column(config.status.column) }
    return this.#database.read((query) => this.#database.dialect.statuses(query, given))
  }

  async #distinct(window: ReadWindow): Promise<Statuses> {
    const rows = await this.#read(this.#statements.statuses(window))
    return rows.map(({ status }) => status ?? null)
  }

  /** In another process, or long after: a few rows may have become visible before the position. */
  #resumed(after: string, { from }: ReadWindow): Position {
    const position = readPosition(after)
    if (after === this.#given || position.phase === 'odd' || position.at === null) return position
    const { createdAt } = this.#mapping.config.columns
    const { kind } = this.#mapping.column(createdAt.column)
    const at = timeIn(position.at, createdAt, kind)
    if (at === null || position.key.length !== (keyOf(this.#mapping.facts)?.length ?? 1)) {
      const message = `Cannot go on reading source "${this.name}": the position is of another table`
      throw new SourceError(message, { isTransient: false })
    }
    const earlier = new Date(Math.max(+at - overlapMs, +from))
    return { phase: 'dated', at: timeLiteral(earlier, createdAt, kind), key: [] }
  }

  #read(statement: ReturnType<Statements['page']>): Promise<readonly Row[]> {
    return this.#database.read((query) => query(statement))
  }

  #attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { config, facts } = this.#mapping
    const action = `${what} source "${this.name}" (${nameOfTable(facts)})`
    return attemptAt({ url: config.url, action }, work)
  }
}

function countsOf(rows: readonly Row[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { order_no: no } of rows) counts.set(no ?? '', (counts.get(no ?? '') ?? 0) + 1)
  return counts
}

/** Each once: several rows of one number are one number that was credited. */
function sorted(rows: readonly ReadRow[]): {
  readonly orders: readonly SourceOrder[]
  readonly credited: readonly string[]
  readonly faults: readonly RowFault[]
} {
  return {
    orders: rows.flatMap((row) => (row.kind === 'order' ? [row.order] : [])),
    credited: rows.flatMap((row) => (row.kind === 'credited' ? [row.orderNo] : [])),
    faults: rows.flatMap((row) => (row.kind === 'fault' ? [row.fault] : [])),
  }
}
