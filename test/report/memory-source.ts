import {
  type OrderSource,
  type ReadWindow,
  type RereadRows,
  type RowFault,
  type RowProblem,
  SourceError,
  type SourceOrder,
  type SourcePage,
  type SourceTrap,
} from '../../src/sources/source.ts'

/** A row of the table; tests change it while it is read. */
export interface MemoryRow {
  readonly key: number
  readonly orderNo: string
  readonly userId: string
  readonly amount: bigint
  readonly createdAt: Date
  status: string
  /** Set: the row cannot be understood. */
  readonly problem?: RowProblem
}

const overlapMs = 10 * 60_000

/** Reads rows from memory in the order of (created_at, key), as a database does. */
export class MemorySource implements OrderSource {
  readonly name: string
  readonly place: string
  rows: MemoryRow[]
  readonly pageRows: number
  /** Called before each page; may throw, or change the table. */
  beforePage: (nth: number) => void = () => {}
  #given: string | null = null
  pages = 0
  rereads: string[][] = []

  constructor(
    rows: readonly MemoryRow[],
    { name = 'shop', place = 'memory orders', pageRows = 10 } = {},
  ) {
    this.name = name
    this.place = place
    this.rows = [...rows]
    this.pageRows = pageRows
  }

  async estimate(window: ReadWindow): Promise<number> {
    return this.#open(window).length
  }

  async page(after: string | null, window: ReadWindow): Promise<SourcePage> {
    this.pages += 1
    this.beforePage(this.pages)
    const from = after === null ? null : this.#positionOf(after)
    const rows = this.#open(window)
      .filter((row) => from === null || compareRows(row, from) > 0)
      .sort(compareRows)
    const page = rows.slice(0, this.pageRows)
    const last = page.at(-1)
    const isLast = rows.length <= this.pageRows || last === undefined
    this.#given = isLast ? null : `${+last.createdAt}/${last.key}`
    return {
      orders: page.filter(({ problem }) => problem === undefined).map(orderOf),
      faults: page.flatMap((row) => faultOf(row) ?? []),
      next: this.#given,
    }
  }

  async reread(orderNos: readonly string[]): Promise<RereadRows> {
    this.rereads.push([...orderNos])
    const rows = this.rows.filter(({ orderNo }) => orderNos.includes(orderNo))
    return {
      orders: rows.filter(({ status }) => standingOf(status) !== null).map(orderOf),
      credited: rows.filter(({ status }) => isCredited(status)).map(({ orderNo }) => orderNo),
      faults: [],
    }
  }

  async traps(): Promise<readonly SourceTrap[]> {
    return []
  }

  async close(): Promise<void> {}

  /** A position of another process is taken back a little, as that of a database is. */
  #positionOf(after: string): Pick<MemoryRow, 'createdAt' | 'key'> {
    const { createdAt, key } = positionOf(after)
    if (after === this.#given) return { createdAt, key }
    return { createdAt: new Date(+createdAt - overlapMs), key: -1 }
  }

  #open({ from, to }: ReadWindow): MemoryRow[] {
    return this.rows.filter(
      ({ status, createdAt }) => !isCredited(status) && createdAt >= from && createdAt < to,
    )
  }
}

export const connectionLost = () =>
  new SourceError('Cannot read from source "shop": connection lost', { isTransient: true })

export function isCredited(status: string): boolean {
  return status === 'paid' || status === 'completed'
}

function compareRows(
  one: Pick<MemoryRow, 'createdAt' | 'key'>,
  other: Pick<MemoryRow, 'createdAt' | 'key'>,
): number {
  return +one.createdAt - +other.createdAt || one.key - other.key
}

function positionOf(text: string): Pick<MemoryRow, 'createdAt' | 'key'> {
  const [at, key] = text.split('/').map(Number)
  return { createdAt: new Date(at ?? 0), key: key ?? 0 }
}

function standingOf(status: string): SourceOrder['standing'] | null {
  if (status === 'pending') return 'pending'
  return status === 'expired' || status === 'cancelled' ? 'revivable' : null
}

function orderOf({ orderNo, userId, amount, createdAt, status }: MemoryRow): SourceOrder {
  const standing = standingOf(status) ?? 'pending'
  return { orderNo, userId, amount, createdAt, expiresAt: null, status, standing }
}

function faultOf({ orderNo, key, problem }: MemoryRow): RowFault | null {
  if (problem === undefined) return null
  return { orderNo, key: String(key), column: 'amount', value: '1.005', problem }
}
