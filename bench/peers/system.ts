import type { InstantGateway } from '../gateway/start.ts'
import type { OrderRange } from '../orders.ts'

/** One of those that are compared, with a database of its own: budan, or what one would take instead. */
export interface System {
  /** Pending orders, due for a while, and whatever this system needs to ask about them. It asks nothing yet. */
  place(range: OrderRange): Promise<void>
  /** Leaves the tables as autovacuum would after a while. */
  vacuum(): Promise<void>
  /** From now on it asks and credits as fast as it can. */
  start(): Promise<void>
  /** Resolves when nothing is under way any more. May be started again. */
  stop(): Promise<void>
  /** How many of these are credited. Throws where any order is credited twice, or by half. */
  countCredited(range: OrderRange): Promise<number>
  close(): Promise<void>
}

/** Where it is, and whose keys it knows. */
export type GatewayAddress = Pick<InstantGateway, 'url' | 'merchant'>

export interface SystemOptions {
  readonly gateway: GatewayAddress
  /** Questions at a time. */
  readonly concurrency: number
  /** Orders that one run takes, where there are runs. */
  readonly batchSize: number
  readonly watch: Watch
}

/** An unpaid order is not asked about again for so long: no measurement takes longer. */
export const recheckMins = 60

/** Slower than this is hung. */
const creditsMsMax = 600_000

/** Hears from one system what it does. */
export class Watch {
  /** About which orders. */
  readonly queried = new Set<string>()
  #left = 0
  #end: { resolve: () => void; reject: (error: unknown) => void } | null = null

  /** Resolves when so many more orders are credited; rejects when anything fails before that. */
  async credits(count: number): Promise<void> {
    this.#left = count
    const credited = new Promise<void>((resolve, reject) => {
      this.#end = { resolve, reject }
    })
    const late = setTimeout(() => {
      this.failed(new Error(`${this.#left} of ${count} orders are still not credited`))
    }, creditsMsMax).unref()
    await credited.finally(() => clearTimeout(late))
  }

  /** Once for each answer, after it was committed what it led to. */
  answered(orderNo: string, { credited }: { credited: boolean }): void {
    this.queried.add(orderNo)
    if (!credited) return
    this.#left -= 1
    if (this.#left === 0) this.#end?.resolve()
  }

  failed(error: unknown): void {
    this.#end?.reject(error)
  }
}
