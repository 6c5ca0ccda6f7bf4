import type { PGlite } from '@electric-sql/pglite'
import { deliveryName } from '../../src/domain/webhooks/delivery.ts'
import type { Store } from '../../src/store/store.ts'
import { dayMs, minuteMs, secondMs } from '../../src/text/time-units.ts'
import { Loop } from '../sim/clock/loop.ts'
import { Random } from '../sim/clock/random.ts'
import { Trace } from '../sim/clock/trace.ts'
import type { VirtualClock } from '../sim/clock/virtual.ts'
import { type Failure, Verdict } from '../sim/failure.ts'
import { Figures } from '../sim/figures.ts'
import { audit } from './audit/audit.ts'
import { Cluster } from './cluster.ts'
import { DatabaseServer } from './database.ts'
import { Endpoints } from './endpoints.ts'
import { Notifier } from './notifier.ts'
import { Payments } from './payments.ts'
import { Reader } from './readers.ts'
import { drawScenario } from './scenario.ts'
import { Stories } from './stories.ts'
import { World } from './world.ts'

export interface OutboxOptions {
  /** Keep the trace as text. */
  readonly traced?: boolean
  /** For tests of the auditor: wraps the store of each node in a defect. */
  readonly wrapStore?: (store: Store) => Store
  /** The same by SQL, before anything begins. */
  readonly plant?: readonly string[]
}

export interface OutboxResult {
  readonly seed: number
  readonly failure: Failure | null
  readonly figures: Figures
  readonly trace: Trace
}

const startAt = Date.UTC(2026, 0, 24, 7)

/** After the faults: longer than the longest wait of a delivery, and of an order's schedule. */
const quietWithinMs = dayMs

/** The world of one seed: with faults, then without, until all is quiet; then everything is compared. */
export class OutboxSimulation {
  readonly clock: VirtualClock
  readonly #seed: number
  readonly #plant: readonly string[]
  readonly #world: World
  readonly #database: DatabaseServer
  readonly #endpoints: Endpoints
  readonly #cluster: Cluster
  readonly #notifier: Notifier
  readonly #stories: Stories
  readonly #readers: readonly Reader[]

  constructor(seed: number, pglite: PGlite, options: OutboxOptions = {}) {
    const { traced = false, wrapStore = (store) => store, plant = [] } = options
    this.#seed = seed
    this.#plant = plant
    const scenario = drawScenario(new Random(seed, 1))
    const random = new Random(seed, 2)
    const trace = new Trace({ kept: traced, startAt })
    const loop = new Loop({ random, trace, startAt })
    this.clock = { loop, random }
    const counted = { verdict: new Verdict(), figures: new Figures() }
    const world = new World({ scenario, loop, random, trace, ...counted })
    const database = new DatabaseServer(world, pglite)
    const payments = new Payments(world)
    const endpoints = new Endpoints(world, database)
    const cluster = new Cluster({ world, database, payments, endpoints, wrapStore })
    const notifier = new Notifier(world, cluster)
    this.#world = world
    this.#database = database
    this.#endpoints = endpoints
    this.#cluster = cluster
    this.#notifier = notifier
    this.#stories = new Stories({ world, cluster, database, payments, notifier })
    this.#readers = scenario.readers.map((plan) => new Reader(world, cluster, plan))
  }

  async run(): Promise<OutboxResult> {
    const { loop } = this.#world
    this.#begin()
    await this.#phase(() => this.#faultyPhase())
    if (!this.#isBroken) await this.#phase(() => this.#quietPhase(loop.now + quietWithinMs))
    this.#cluster.end()
    await this.#phase(async () => {
      if (!this.#isBroken) await audit(this.#audited)
      await this.#count()
    })
    const { figures, trace, verdict } = this.#world
    return { seed: this.#seed, failure: verdict.failure, figures, trace }
  }

  /** An unhandled rejection: it would have ended the process. */
  caught(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#world.verdict.fail('no error of budan itself', text)
  }

  get #isBroken(): boolean {
    return this.#world.verdict.failure !== null
  }

  get #audited() {
    const [database, stories, readers] = [this.#database, this.#stories, this.#readers]
    const { verdict } = this.#world
    return { verdict, database, stories, readers, receivers: this.#endpoints.receivers }
  }

  #begin(): void {
    const { scenario } = this.#world
    this.#world.after(0, 'begin', async () => {
      const path = `select set_config('search_path', 'budan, public', false)`
      for (const text of [path, ...this.#plant]) await this.#database.rows(text)
      this.#cluster.start()
      this.#stories.start()
      for (const reader of this.#readers) reader.start()
    })
    for (const { fromMs } of scenario.outages) {
      const end = () => this.#database.endSessions((owner) => owner !== null)
      this.#world.after(fromMs, 'the database goes down', end)
    }
    for (const { addedAtMs } of scenario.endpoints) {
      if (addedAtMs === 0) continue
      this.#world.after(addedAtMs, 'a new endpoint', () => {
        this.#world.touch()
        this.#cluster.restartAll()
      })
    }
  }

  /** Runs the loop until the work, which waits for virtual time, is done. */
  async #phase(work: () => Promise<void>): Promise<void> {
    let isOver = false
    const end = (error?: unknown) => {
      if (error !== undefined) this.caught(error)
      isOver = true
    }
    this.#world.after(0, 'phase', () => void work().then(() => end(), end))
    await this.#world.loop.run(() => isOver || this.#isBroken)
  }

  #faultyPhase(): Promise<void> {
    return this.#sleep(this.#world.scenario.faultyMs)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.after(ms, 'look', resolve))
  }

  /** Everything that was lost is sent again, and what was given up is replayed. */
  async #quietPhase(until: number): Promise<void> {
    const { loop, verdict, pace } = this.#world
    this.#world.stopFaults()
    this.#world.log(() => `faults stop, pace ${pace}`)
    this.#cluster.heal()
    this.#notifier.heal()
    let quietFrom: number | null = null
    for (
      let waitMs = 5 * secondMs;
      loop.now < until;
      waitMs = Math.min(waitMs * 1.5, 20 * minuteMs)
    ) {
      await this.#sleep(waitMs)
      const left = await this.#left()
      // Nothing comes any more: who reads nothing after that has read all. Between two looks something may.
      const since: number | null = left === null ? (quietFrom ?? loop.now) : null
      quietFrom = since
      if (since !== null && this.#readers.every(({ emptyAt }) => emptyAt > since)) return
      this.#world.log(() => `left: ${left ?? 'readers'}`)
      await this.#push()
    }
    verdict.fail('all is quiet within a day', (await this.#left()) ?? 'just now')
  }

  /** What is not done yet; null: all is. */
  async #left(): Promise<string | null> {
    if (!this.#stories.isDone) return 'stories'
    if (!this.#notifier.isDone) return 'callbacks'
    const [row] = await this.#database.rows<Record<string, bigint>>(`
      select (select count(*) from orders where status = 'pending') as orders,
        (select count(*) from published_events_new) as new,
        (select count(*) from webhook_deliveries where state = 'pending') as pending,
        (select count(*) from webhook_deliveries where state = 'failed') as failed`)
    const some = Object.entries(row ?? {}).find(([, count]) => count > 0n)
    if (some !== undefined) return `${some[1]} ${some[0]}`
    return null
  }

  async #push(): Promise<void> {
    const node = this.#cluster.anyLive
    const { scenario } = this.#world
    if (node === undefined) return
    this.#cluster.runOn(node, 'run', () => node.run())
    const failed = await this.#database.rows<{ id: bigint; endpoint: string }>(
      `select id, endpoint from webhook_deliveries where state = 'failed' order by id limit 20`,
    )
    if (failed.length > 0) this.#world.touch()
    for (const { id, endpoint } of failed) {
      this.#world.figures.count('replays')
      const isSpan = this.#world.random.chance(0.1)
      const one = () => node.webhooks.replayDelivery(deliveryName(id))
      const types = scenario.endpoints.find(({ name }) => name === endpoint)?.types ?? null
      const span = () => node.webhooks.replay(endpoint, { since: new Date(startAt), types })
      this.#cluster.runOn(node, 'replay', isSpan ? span : one)
    }
  }

  async #count(): Promise<void> {
    const { figures, loop } = this.#world
    const [row] = await this.#database.rows<Record<string, bigint>>(`
      select (select count(*) from published_events) as events,
        (select count(*) from transfers) as credits,
        (select count(*) from payment_exceptions) as exceptions,
        (select count(*) from webhook_attempts) as attempts`)
    for (const [name, count] of Object.entries(row ?? {})) figures.count(name, Number(count))
    figures.count('seeds')
    figures.count('steps', loop.fired)
    figures.count('virtual ms', Math.round(loop.now - startAt))
  }
}
