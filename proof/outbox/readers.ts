import type { FeedEvent } from '../../src/outbox/feed.ts'
import { minuteMs, secondMs } from '../../src/text/time-units.ts'
import type { Cluster } from './cluster.ts'
import type { ReaderPlan } from './scenario.ts'
import type { World } from './world.ts'

/** What a reader has stored of an event. */
export interface ReadEvent {
  readonly id: string
  readonly body: string
}

/** Reads the feed from its cursor on, which it stores in one transaction with what it has read. */
export class Reader {
  readonly plan: ReaderPlan
  readonly events: ReadEvent[] = []
  /** When it last read a page without events. */
  emptyAt = 0
  readonly #world: World
  readonly #cluster: Cluster
  #cursor: string | null = null
  /** Of the request under way: what comes of an earlier one is not stored. */
  #request = 0

  constructor(world: World, cluster: Cluster, plan: ReaderPlan) {
    this.#world = world
    this.#cluster = cluster
    this.plan = plan
  }

  start(): void {
    const { random } = this.#world
    const gapMs = random.skewed(0.2, 60) * secondMs * this.#world.pace
    this.#world.after(Math.min(gapMs, 20 * minuteMs), 'a reader', () => {
      this.#read()
      this.start()
    })
  }

  #read(): void {
    const node = this.#cluster.anyLive
    if (node === undefined) return
    const { random, figures } = this.#world
    this.#request += 1
    const request = this.#request
    const waitMs = random.pick([0, 0, 5 * secondMs])
    this.#cluster.runOn(node, 'read events', async () => {
      const page = await node.feed.read({ after: this.#cursor, ...this.plan, waitMs })
      if (request !== this.#request) return
      figures.count('pages')
      if (this.#world.occurs('readerCrash')) return
      this.events.push(...page.events.map(stored))
      this.#cursor = page.nextCursor
      if (page.events.length === 0) this.emptyAt = this.#world.loop.now
    })
  }
}

/** Without spaces, as receivers keep it. */
function stored({ id, type, timestamp, data }: FeedEvent): ReadEvent {
  return { id, body: JSON.stringify({ id, type, timestamp, data }) }
}
