import type { Clocks } from '../domain/clocks.ts'
import type { WriteFault } from '../store/sql/write-probe.ts'
import type { DueMerchant, SchemaState, Store, Vitals } from '../store/store.ts'
import { Question, type Said } from './timely-answer.ts'

/** How the database is, each part by itself: it may tell the time while a table is locked. */
export interface DatabaseState {
  /** Needs no table: said, it answers. */
  readonly time: Said<Date>
  readonly vitals: Said<Vitals>
  readonly schema: Said<SchemaState>
  /** Null: a write has just been made. */
  readonly writeFault: Said<WriteFault | null>
}

/**
 * Longer than a database that is well ever takes for these, and short enough for monitors, who give up
 * after ten seconds.
 */
export const patienceMs = 3_000

/** Asks a database how it is, once at a time, for however many who want to know. */
export class DatabaseWatch {
  readonly #clocks: Clocks | null
  readonly #questions

  constructor(
    store: Pick<Store, 'now' | 'vitals' | 'schema' | 'writeFault'>,
    { merchant, clocks }: { merchant: DueMerchant; clocks: Clocks | null },
  ) {
    this.#clocks = clocks
    const question = <T>(ask: () => Promise<T>) => new Question(ask, { patienceMs })
    this.#questions = {
      time: question(() => this.#compare(store)),
      vitals: question(async () => store.vitals(merchant)),
      schema: question(async () => store.schema()),
      writeFault: question(async () => store.writeFault()),
    }
  }

  /** Never rejects, and takes no longer than twice its patience. What does not tell the time is asked no more. */
  async read(): Promise<DatabaseState> {
    const questions = this.#questions
    const time = await questions.time.answer()
    if (time.kind !== 'said') {
      this.#clocks?.forgetDatabase()
      return { time, vitals: time, schema: time, writeFault: time }
    }
    const [vitals, schema, writeFault] = await Promise.all([
      questions.vitals.answer(),
      questions.schema.answer(),
      questions.writeFault.answer(),
    ])
    return { time, vitals, schema, writeFault }
  }

  async #compare(store: Pick<Store, 'now'>): Promise<Date> {
    const requestedAt = this.#clocks?.now()
    const time = await store.now()
    if (requestedAt !== undefined) this.#clocks?.agree({ time, requestedAt })
    return time
  }
}
