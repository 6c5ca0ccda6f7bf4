import type { Event } from '../../src/domain/event.ts'
import { StoreError } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { minuteMs, secondMs } from '../../src/text/time-units.ts'
import type { Owner } from '../sim/clock/loop.ts'
import type { DatabaseServer } from './database.ts'
import type { Endpoints } from './endpoints.ts'
import { type OutboxNode, openNode } from './node.ts'
import type { Payments } from './payments.ts'
import type { World } from './world.ts'

interface ClusterParts {
  readonly world: World
  readonly database: DatabaseServer
  readonly payments: Payments
  readonly endpoints: Endpoints
  readonly wrapStore: (store: Store) => Store
}

/** A place for a process. */
interface Place {
  owner: Owner | null
  /** Null: it is not open yet, or has ended. */
  node: OutboxNode | null
}

/** Starts, kills, stops, pauses and restarts the processes. */
export class Cluster {
  readonly #parts: ClusterParts
  readonly #places: readonly Place[]
  #startedCount = 0

  constructor(parts: ClusterParts) {
    this.#parts = parts
    const { nodeCount } = parts.world.scenario
    this.#places = Array.from({ length: nodeCount }, () => ({ owner: null, node: null }))
    parts.world.loop.interrupt = (owner, label) => this.#interrupt(owner, label)
  }

  get live(): readonly OutboxNode[] {
    return this.#places.flatMap(({ node }) => (node?.owner.alive === true ? [node] : []))
  }

  get anyLive(): OutboxNode | undefined {
    return this.live[this.#parts.world.random.whole(0, this.live.length - 1)]
  }

  start(): void {
    for (const place of this.#places) this.#startAt(place)
  }

  /** Every place has a node that is alive and not paused. */
  heal(): void {
    for (const place of this.#places) {
      if (place.owner?.alive === true) this.#parts.world.loop.resume(place.owner)
      else this.#startAt(place)
    }
  }

  /** Ends all processes at once, for good. */
  end(): void {
    for (const { owner } of this.#places) if (owner !== null) owner.alive = false
    this.#parts.database.endSessions(() => true)
  }

  /** One process after the other: with a new configuration. */
  restartAll(): void {
    const { world } = this.#parts
    for (const [nth, node] of this.live.entries()) {
      world.after(nth * 20 * secondMs, 'restart', () => this.#restart(node))
    }
  }

  /** Runs work on a node at a caller's request. An error goes to the caller. */
  runOn(node: OutboxNode, label: string, work: () => Promise<unknown>): void {
    const { world } = this.#parts
    const fire = () => void work().catch((error: unknown) => this.#examine(error))
    world.loop.after(world.latencyMs(), { owner: node.owner, label, fire })
  }

  #restart(node: OutboxNode): void {
    if (!node.owner.alive) return
    this.runOn(node, 'stop', async () => {
      await node.stop()
      const place = this.#placeOf(node.owner)
      this.#end(node.owner)
      this.#parts.world.after(secondMs, 'restart', () => this.#startAt(place))
    })
  }

  #placeOf(owner: Owner): Place {
    const place = this.#places.find((each) => each.owner === owner)
    if (place === undefined) throw new Error(`${owner.name} has no place`)
    return place
  }

  #end(owner: Owner): void {
    owner.alive = false
    this.#parts.database.endSessions((each) => each === owner)
  }

  #startAt(place: Place): void {
    if (place.owner?.alive === true) return
    const { world, database, payments, endpoints, wrapStore } = this.#parts
    world.touch()
    this.#startedCount += 1
    const owner = this.#newOwner()
    place.owner = owner
    place.node = null
    const configured = endpoints.configured()
    const open = async () => {
      place.node = await openNode({
        ...{ owner, source: database.source(owner), payments, wrapStore },
        endpoints: configured,
        openSender: (endpoint) => endpoints.senderOf(owner, endpoint),
        emit: (event) => this.#record(event),
      })
      await endpoints.noteConfigured(configured)
      // The configuration was changed while it started.
      if (endpoints.configured().length !== configured.length) this.#restart(place.node)
    }
    const fail = (error: unknown) => {
      this.#examine(error)
      // A start without a database ends the process.
      this.#end(owner)
      world.after(10 * secondMs, 'restart', () => this.#startAt(place))
    }
    world.loop.after(0, { owner, label: 'start', fire: () => void open().catch(fail) })
  }

  #newOwner(): Owner {
    const { world } = this.#parts
    return {
      name: `node-${this.#startedCount}`,
      ...{ alive: true, parked: null, skewMs: 0 },
      get timerRate() {
        return world.pace
      },
    }
  }

  /** A process may die or pause just before any event reaches it. */
  #interrupt(owner: Owner, label: string): boolean {
    const { world } = this.#parts
    const isCommit = /^(send|answered) commit/.test(label)
    const dies = world.occurs('crash') || (isCommit && world.occurs('crashInCommit'))
    if (dies) this.#kill(owner)
    else if (world.occurs('pause')) this.#pause(owner)
    return dies
  }

  #kill(owner: Owner): void {
    const { world, database } = this.#parts
    owner.alive = false
    world.figures.count('crashes')
    world.log(() => `${owner.name} dies`)
    const end = () => database.endSessions((each) => each === owner)
    // The server notices the lost connection at once, or after a delay.
    if (world.random.chance(0.7)) end()
    else world.after(world.random.skewed(0, 12 * secondMs), 'death noticed', end)
    const place = this.#placeOf(owner)
    const backMs = world.random.skewed(secondMs, 10 * minuteMs)
    world.after(backMs, 'restart', () => this.#startAt(place))
  }

  #pause(owner: Owner): void {
    const { world, database } = this.#parts
    world.loop.pause(owner, world.random.skewed(5 * secondMs, 10 * minuteMs))
    database.watchIdle(owner)
  }

  #record(event: Event): void {
    const { world } = this.#parts
    world.log(() => `${world.loop.current?.name}: ${describe(event)}`)
    world.figures.count(`emitted:${event.type}`)
    if ('error' in event && typeof event.error === 'object') this.#examine(event.error)
  }

  /** Errors of the database are simulated; any other is a defect. */
  #examine(error: unknown): void {
    if (error instanceof StoreError) return
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    // A run that another node has finished for it, because it was paused or cut off.
    if (text.includes('Cannot finish run')) return
    this.#parts.world.verdict.fail('no error of budan itself', text)
  }
}

function describe(event: Event): string {
  const text = JSON.stringify(event, (_key, value) =>
    typeof value === 'bigint' ? Number(value) : value,
  )
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
