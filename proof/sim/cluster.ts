import { MerchantError } from '../../src/desks.ts'
import { AssertionError } from '../../src/domain/assert.ts'
import type { Event } from '../../src/domain/event.ts'
import type { SchedulePolicy } from '../../src/domain/runs/schedule.ts'
import type { RawCallback } from '../../src/gateway/gateway.ts'
import type { Receipt } from '../../src/orders/callback.ts'
import type { OnPaid } from '../../src/settle/settle.ts'
import { StoreError } from '../../src/store/errors.ts'
import { SeveralOrdersError } from '../../src/store/find-order.ts'
import type { Store } from '../../src/store/store.ts'
import type { Loop, Owner } from './clock/loop.ts'
import type { Random } from './clock/random.ts'
import type { Trace } from './clock/trace.ts'
import type { DatabaseServer } from './database/server.ts'
import { modelStore } from './database/store.ts'
import type { Verdict } from './failure.ts'
import type { Figures } from './figures.ts'
import type { Gateways } from './gateway/gateways.ts'
import { modelGateway } from './gateway/wire.ts'
import {
  type ConfiguredMerchant,
  drawConfig,
  isSameConfig,
  rightConfig,
} from './merchants/config.ts'
import type { NodeMerchant } from './merchants/desk.ts'
import type { SimMerchant } from './merchants/merchant.ts'
import { type SimulatedNode, startNode, type WrapDesks } from './node.ts'
import type { FaultSchedule } from './plan/fault-schedule.ts'
import type { Scenario } from './plan/scenario.ts'

export interface ClusterParts {
  readonly scenario: Scenario
  readonly policy: SchedulePolicy
  readonly loop: Loop
  readonly random: Random
  readonly faults: FaultSchedule
  readonly figures: Figures
  readonly trace: Trace
  readonly verdict: Verdict
  readonly database: DatabaseServer
  readonly gateways: Gateways
  readonly gatewayFaults: (merchant: SimMerchant) => FaultSchedule
  /** A test wraps the store or the desks in a defect, to check that the auditor catches it. */
  readonly wrapStore: (store: Store) => Store
  readonly wrapDesks: WrapDesks
  readonly onBreakerOpened: (opened: { readonly reason: string; readonly mchid: string }) => void
}

/** A place for a process, with the one that runs there. */
interface Place {
  node: SimulatedNode | null
  config: readonly ConfiguredMerchant[]
}

const minuteMs = 60_000

/** Starts, kills, stops, pauses and restarts the processes. */
export class Cluster {
  readonly #parts: ClusterParts
  readonly #places: readonly Place[]
  /** Of each process, also of those that have ended. */
  readonly #configs = new Map<string, readonly ConfiguredMerchant[]>()
  #startedCount = 0
  /** Merchants that are in no configuration for now. */
  #without: readonly SimMerchant[] = []

  constructor(parts: ClusterParts) {
    this.#parts = parts
    this.#places = Array.from({ length: parts.scenario.nodeCount }, () => ({
      node: null,
      config: [],
    }))
    parts.loop.interrupt = (owner, label) => this.#interrupt(owner, label)
  }

  get live(): readonly SimulatedNode[] {
    const nodes = this.#places.map(({ node }) => node)
    return nodes.filter((node) => node?.owner.alive === true) as SimulatedNode[]
  }

  /** A random node that is alive. */
  get anyLive(): SimulatedNode | undefined {
    const { live } = this
    return live[this.#parts.random.whole(0, live.length - 1)]
  }

  /** Whether the process of this name has, or had when it ended, the merchant in its configuration. */
  hasMerchant({ node, mchid }: { node: string | null; mchid: string }): boolean {
    const config = this.#configs.get(node ?? '') ?? []
    return config.some(({ merchant }) => merchant.mchid === mchid)
  }

  start(): void {
    for (const place of this.#places) {
      const ms = this.#parts.random.chance(0.5) ? 0 : this.#parts.random.skewed(0, minuteMs)
      this.#schedule(ms, 'start', () => this.#startNode(place))
    }
  }

  /** Afterwards every place has a node that is alive and not paused, with the right configuration. */
  heal({ without }: { without: readonly SimMerchant[] }): void {
    this.#without = without
    const right = rightConfig(this.#parts.scenario.merchants, without)
    for (const place of this.#places) {
      const { node, config } = place
      if (node?.owner.alive === true && isSameConfig(config, right)) {
        this.#parts.loop.resume(node.owner)
        continue
      }
      if (node?.owner.alive === true) this.#end(node.owner)
      this.#startNode(place)
    }
  }

  kill(owner: Owner): void {
    const { figures, database, random, loop, trace } = this.#parts
    owner.alive = false
    figures.count('crashes')
    trace.log(loop.now, () => `${owner.name} dies`)
    const end = () => database.endSessions((session) => session.owner === owner)
    // The database server notices the lost connection at once, or after a delay.
    if (random.chance(0.7)) end()
    else this.#schedule(random.skewed(0, 12_000), 'death noticed', end)
    const place = this.#placeOf(owner)
    this.#schedule(random.skewed(1000, 10 * minuteMs), 'restart', () => this.#startNode(place))
  }

  /** A rolling restart: the old process finishes its work and stops, then a new one starts. */
  restart(node: SimulatedNode): void {
    const place = this.#placeOf(node.owner)
    this.runOn(node, 'stop', async () => {
      await node.stop()
      this.#end(node.owner)
      this.#schedule(1000, 'restart', () => this.#startNode(place))
    })
  }

  pause(owner: Owner): void {
    const { loop, random, database } = this.#parts
    const ms = random.skewed(5000, 30 * minuteMs)
    loop.pause(owner, ms)
    // Its transactions stay open until the server's idle timeout ends them.
    this.#schedule(30_001, 'idle sessions', () => database.endIdle())
  }

  /** Runs work on a node at a caller's request. An error goes to the caller, so it is not a failure of the node. */
  runOn(node: SimulatedNode, label: string, work: () => Promise<unknown>): void {
    const fire = () => void work().catch((error: unknown) => this.#checkError(error))
    this.#parts.loop.after(this.#parts.faults.latencyMs(), { owner: node.owner, label, fire })
  }

  /** `path`: the name of a merchant. A node that has none of this name answers 404. */
  deliver(
    { callback, path }: { callback: RawCallback; path: string },
    answered: (receipt: Receipt) => void,
  ): void {
    const node = this.anyLive
    if (node === undefined) return
    this.runOn(node, 'callback', async () => {
      const receipt = await node.receive(callback, path)
      this.#schedule(this.#parts.faults.latencyMs(), 'callback answered', () => answered(receipt))
    })
  }

  #placeOf(owner: Owner): Place {
    const place = this.#places.find(({ node }) => node?.owner === owner)
    if (place === undefined) throw new Error(`${owner.name} has no place`)
    return place
  }

  #end(owner: Owner): void {
    owner.alive = false
    this.#parts.database.endSessions((session) => session.owner === owner)
  }

  #startNode(place: Place): void {
    if (place.node?.owner.alive === true) return
    const { faults, random, loop, scenario, policy } = this.#parts
    if (faults.isActive('nodes_down')) {
      this.#schedule(random.between(1, 60) * minuteMs, 'restart', () => this.#startNode(place))
      return
    }
    this.#startedCount += 1
    const owner = this.#newOwner()
    loop.current = owner
    const { database, wrapStore, wrapDesks } = this.#parts
    place.config = this.#configNow()
    this.#configs.set(owner.name, place.config)
    const store = modelStore({ server: database, owner, random, kind: scenario.kind })
    place.node = startNode({
      ...{ owner, scenario, policy, store: wrapStore(store), wrapDesks },
      merchants: place.config.map((each) => this.#nodeMerchant(each, owner)),
      emit: (event) => this.#record(event, null),
      onPaid: scenario.hasOnPaid ? this.#onPaid() : null,
    })
  }

  #configNow(): readonly ConfiguredMerchant[] {
    const { faults, random, figures, scenario } = this.#parts
    const { merchants, hasConfigFaults } = scenario
    const right = rightConfig(merchants, this.#without)
    if (faults.stopped || !hasConfigFaults || random.chance(0.4)) return right
    const drawn = drawConfig(random, merchants)
    if (!isSameConfig(drawn, right)) figures.count('fault:configuration')
    return drawn
  }

  #nodeMerchant({ merchant, name, hasRightKey }: ConfiguredMerchant, owner: Owner): NodeMerchant {
    const { loop, gateways, gatewayFaults, scenario } = this.#parts
    const { timeoutMs, appids } = scenario
    const { mchid } = merchant
    const gateway = modelGateway({
      ...{ loop, owner, timeoutMs, appids, isSigned: hasRightKey },
      faults: gatewayFaults(merchant),
      server: gateways.of(mchid),
    })
    return { merchant, name, gateway, emit: (event) => this.#record(event, mchid) }
  }

  #newOwner(): Owner {
    const { random, scenario } = this.#parts
    const skewMs = scenario.nodeSkewMsMax
    return {
      name: `node-${this.#startedCount}`,
      alive: true,
      parked: null,
      timerRate: skewMs === 0 ? 1 : random.between(0.98, 1.02),
      skewMs: random.between(-skewMs, skewMs),
    }
  }

  /** The embedder's `onPaid`: it inserts one row in the crediting transaction. */
  #onPaid(): OnPaid {
    return async ({ order }, tx) => {
      if (this.#parts.faults.occurs('onPaidFails')) throw new OnPaidError('not now')
      await tx.execute('deliver', [order.key, order.amount])
    }
  }

  /** A process may die or pause just before any event reaches it. */
  #interrupt(owner: Owner, label: string): boolean {
    const { faults } = this.#parts
    if (faults.stopped) return false
    const dies =
      faults.isActive('nodes_down') ||
      faults.occurs('crash') ||
      (label.startsWith('commit') && faults.occurs('crashInCommit'))
    if (dies) this.kill(owner)
    else if (faults.occurs('pause')) this.pause(owner)
    return dies
  }

  #record(event: Event, mchid: string | null): void {
    const { loop, trace, figures, onBreakerOpened } = this.#parts
    trace.log(loop.now, () => `${loop.current?.name}: ${mchid ?? ''} ${describe(event)}`)
    if (event.type === 'breaker_opened' && mchid !== null) {
      figures.count('breakers opened')
      onBreakerOpened({ reason: event.reason, mchid })
    }
    if ('error' in event && event.type !== 'run_unrecorded') this.#checkError(event.error)
  }

  /** Errors of the database and of `onPaid` are simulated faults; any other error is a defect of budan. */
  #checkError(error: unknown): void {
    if (error instanceof StoreError || error instanceof OnPaidError) return
    // The node does not have this merchant, or the caller had to name one.
    if (error instanceof MerchantError || error instanceof SeveralOrdersError) return
    if (error instanceof AssertionError && error.message.startsWith('Cannot finish run')) return
    // The node was paused during `onPaid`.
    if (error instanceof Error && error.message.startsWith('onPaid did not end')) return
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#parts.verdict.fail('no error of budan itself', text)
  }

  #schedule(ms: number, label: string, fire: () => void): void {
    this.#parts.loop.after(ms, { owner: null, label, fire })
  }
}

class OnPaidError extends Error {
  override readonly name = 'OnPaidError'
}

function describe(event: Event): string {
  const text = JSON.stringify(event, (_key, value) =>
    typeof value === 'bigint' ? Number(value) : value,
  )
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
