import type { Config } from '../../src/config/config.ts'
import type { Engine, Work } from '../../src/queue/engine.ts'
import { type Budan, openService } from '../../src/service.ts'
import type { Store } from '../../src/store/store.ts'
import { Book } from './book.ts'
import { type Fault, Life } from './life.ts'

const minuteMs = 60_000

/** The world that outlives each process: the database, the gateway, the time. */
export class Ground {
  readonly book: Book
  readonly store: Store
  #nowMs = Date.UTC(2026, 0, 24, 7)

  constructor(openStore: (clock: () => Date) => Store) {
    this.book = new Book(this.now)
    this.store = openStore(this.now)
  }

  readonly now = (): Date => new Date(this.#nowMs)

  pass(minutes: number): void {
    this.#nowMs += minutes * minuteMs
  }
}

/** Lives one after another, each on what the one before has left. */
export class Lives {
  readonly #ground: Ground
  readonly #fault: Fault
  #life: Life
  #budan: Budan | null = null
  #drained: () => void = () => undefined

  constructor(ground: Ground, fault: Fault) {
    this.#ground = ground
    this.#fault = fault
    this.#life = new Life(fault)
  }

  /**
   * A caller that repeats its request until it is answered: after an error by the same process, after
   * a death by the next. `grave` is called between two lives.
   */
  async insist<T>(
    request: (budan: Budan) => Promise<T>,
    { until = () => true, grave }: { until?: (answer: T) => boolean; grave: () => Promise<void> },
  ): Promise<T> {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const end = await this.#attempt(request)
      if (end.kind === 'answered' && until(end.answer)) return end.answer
      if (end.kind === 'died') {
        await this.#life.buried()
        await grave()
        this.#life = new Life(this.#fault)
        this.#budan = null
      }
    }
    throw new Error(`Not answered in ${triesMax} tries`)
  }

  /** The job once: the slot's run, and more of them while there is more to do. */
  async job(budan: Budan): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve
    })
    budan.start()
    await drained
    await budan.stop()
  }

  async end(): Promise<void> {
    await this.#budan?.close()
  }

  async #attempt<T>(
    request: (budan: Budan) => Promise<T>,
  ): Promise<{ kind: 'answered'; answer: T } | { kind: 'failed' } | { kind: 'died' }> {
    const answered = this.#open()
      .then(request)
      .then((answer) => ({ kind: 'answered', answer }) as const)
      .catch((error) => {
        // Any other error is a fault of the program's, or of this test's.
        if (this.#fault.kind === 'error' && this.#fault.struck !== null) {
          return { kind: 'failed' } as const
        }
        throw error
      })
    const died = this.#life.died.then(() => ({ kind: 'died' }) as const)
    return Promise.race([answered, died])
  }

  async #open(): Promise<Budan> {
    this.#budan ??= await openService(config, {
      store: this.#life.storeOf(this.#ground.store),
      gateway: this.#life.gatewayOf(this.#ground.book),
      clock: this.#ground.now,
      engine: this.#engine(),
    })
    return this.#budan
  }

  #engine(): Engine {
    const run = async (work: Work, signal: AbortSignal) => {
      const { batches } = await work.tick(signal)
      for (let left = batches; left > 0; left -= 1) {
        if ((await work.batch(signal).ended) !== 'more') break
      }
      this.#drained()
    }
    return { run, vitals: () => ({ state: 'local', detail: '', jobs: null }) }
  }
}

/** Once struck, the fault is over: the second try succeeds, but what it left may take one more. */
const triesMax = 4

/** Batches smaller than what is due, so that the job makes more of them than one. */
const config: Config = {
  server: { host: '127.0.0.1', port: 0, apiToken: null },
  database: { url: 'pglite:memory' },
  engine: { url: 'local' },
  recharge: {
    compensationEnabled: true,
    compensationIntervalMins: 5,
    compensationThresholdMins: 5,
    compensationBatchSize: 6,
    compensationConcurrency: 3,
    compensationRecheckMins: [5],
    compensationDrain: true,
    compensationMaxQps: 10_000,
    orderTtlMins: 120,
  },
  merchants: [],
  merchantIds: [],
  log: { level: 'silent', format: 'json' },
  proof: { keys: [] },
}
