import type { DueMerchant } from '../domain/merchant.ts'
import type { Clocks } from '../domain/runs/clocks.ts'
import type { SchemaState } from '../store/schema/state.ts'
import type { WriteFault } from '../store/sql/upkeep/write-probe.ts'
import type { Store, Vitals } from '../store/store.ts'
import { singleFlight, type Timely } from './single-flight.ts'

/** The state of the database, each part by itself: it may return the time while a table is locked. */
export interface DatabaseState {
  /** Needs no table: with a value here, the database answers. */
  readonly time: Timely<Date>
  readonly vitals: Timely<Vitals>
  readonly schema: Timely<SchemaState>
  /** Null: a write has just succeeded. */
  readonly writeFault: Timely<WriteFault | null>
}

/**
 * Longer than a healthy database ever takes for these reads, and short enough for monitors, which give up
 * after ten seconds.
 */
export const patienceMs = 3_000

/** Reads the state of a database, once at a time for all callers. */
export class DatabaseWatch {
  readonly #clocks: readonly Clocks[]
  readonly #reads

  constructor(
    store: Pick<Store, 'now' | 'vitals' | 'schema' | 'writeFault'>,
    { merchants, clocks }: { merchants: readonly DueMerchant[]; clocks: readonly Clocks[] },
  ) {
    this.#clocks = clocks
    const once = <T>(read: () => Promise<T>) => singleFlight(read, { patienceMs })
    this.#reads = {
      time: once(() => this.#compare(store)),
      vitals: once(async () => store.vitals(merchants)),
      schema: once(async () => store.schema()),
      writeFault: once(async () => store.writeFault()),
    }
  }

  /** Never rejects, and takes at most twice `patienceMs`. Without the time, nothing else is read. */
  async read(): Promise<DatabaseState> {
    const reads = this.#reads
    const time = await reads.time()
    if (time.kind !== 'answered') {
      for (const clocks of this.#clocks) clocks.forgetDatabase()
      return { time, vitals: time, schema: time, writeFault: time }
    }
    const [vitals, schema, writeFault] = await Promise.all([
      reads.vitals(),
      reads.schema(),
      reads.writeFault(),
    ])
    return { time, vitals, schema, writeFault }
  }

  async #compare(store: Pick<Store, 'now'>): Promise<Date> {
    const requestedAt = this.#clocks.map((clocks) => clocks.now())
    const time = await store.now()
    for (const [nth, clocks] of this.#clocks.entries()) {
      clocks.agree({ time, requestedAt: requestedAt[nth] ?? time })
    }
    return time
  }
}
