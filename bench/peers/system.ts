import type { InstantGateway } from '../gateway/start.ts'
import type { OrderRange } from '../orders.ts'

/** One of the compared systems, with a database of its own: budan, or one of its alternatives. */
export interface System {
  /**
   * Places pending orders that are already due, and what this system needs to query them. Sends no
   * query yet.
   */
  place(range: OrderRange): Promise<void>
  /** Brings the tables into the state in which autovacuum leaves them. */
  vacuum(): Promise<void>
  /** From now on queries and credits as fast as it can. */
  start(): Promise<void>
  /** Resolves when no work is in progress. The system can be started again. */
  stop(): Promise<void>
  /**
   * The number of these orders that are credited. Throws if any order is credited twice or
   * incompletely.
   */
  countCredited(range: OrderRange): Promise<number>
  close(): Promise<void>
}

/** The gateway's URL, and the merchant whose keys it has. */
export type GatewayAddress = Pick<InstantGateway, 'url' | 'merchant'>

export interface SystemOptions {
  readonly gateway: GatewayAddress
  /** Concurrent queries. */
  readonly concurrency: number
  /** Orders of one run, for systems that have runs. */
  readonly batchSize: number
  readonly watch: Watch
}

/** Minutes until an unpaid order is queried again. No measurement takes longer. */
export const recheckMins = 60

/** A system that takes longer than this is assumed to hang. */
const creditsMsMax = 600_000

/** Receives the progress of one system. */
export class Watch {
  /** The orders that were queried. */
  readonly queried = new Set<string>()
  #left = 0
  #end: { resolve: () => void; reject: (error: unknown) => void } | null = null

  /** Resolves after `count` more credits; rejects if anything fails before that. */
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

  /** To be called once for each answer, after the commit of its result. */
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
