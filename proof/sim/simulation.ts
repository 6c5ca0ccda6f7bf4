import type { SchedulePolicy } from '../../src/domain/runs/schedule.ts'
import { schedulePolicy } from '../../src/domain/runs/schedule.ts'
import type { Store } from '../../src/store/store.ts'
import { Auditor } from './checks/auditor.ts'
import { ExpiryChecks } from './checks/expiry-checks.ts'
import { Liveness } from './checks/liveness.ts'
import { OutputChecks } from './checks/output-checks.ts'
import { Loop } from './clock/loop.ts'
import { Random } from './clock/random.ts'
import { Trace } from './clock/trace.ts'
import type { VirtualClock } from './clock/virtual.ts'
import { Cluster } from './cluster.ts'
import { DatabaseServer } from './database/server.ts'
import { type Failure, Verdict } from './failure.ts'
import { Figures } from './figures.ts'
import { Gateways } from './gateway/gateways.ts'
import { Notifier } from './gateway/notifier.ts'
import { GatewayServer } from './gateway/server.ts'
import type { SimMerchant } from './merchants/merchant.ts'
import type { WrapDesks } from './node.ts'
import { FaultSchedule } from './plan/fault-schedule.ts'
import { drawScenario, type Scenario } from './plan/scenario.ts'
import { Workload } from './workload.ts'

export interface SeedResult {
  readonly seed: number
  readonly failure: Failure | null
  readonly figures: Figures
  readonly hash: string
  readonly trace: Trace
}

export interface SeedOptions {
  /** Keep the trace as text. */
  readonly traced?: boolean
  /** For tests of the auditor: wraps the store, or the desks, of each node in a defect. */
  readonly wrapStore?: (store: Store) => Store
  readonly wrapDesks?: WrapDesks
}

const startAt = Date.UTC(2026, 0, 24, 7)
const minuteMs = 60_000

/** The world of one seed: first with faults (safety), then without them (liveness). */
export class Simulation {
  readonly clock: VirtualClock
  readonly #seed: number
  readonly #scenario: Scenario
  readonly #policy: SchedulePolicy
  readonly #loop: Loop
  readonly #trace: Trace
  readonly #figures = new Figures()
  readonly #verdict = new Verdict()
  readonly #faults: FaultSchedule
  readonly #database: DatabaseServer
  /** Of each merchant's gateway, by its place. */
  readonly #gatewayFaults: readonly FaultSchedule[]
  readonly #gateways: Gateways
  readonly #cluster: Cluster
  readonly #notifiers: readonly Notifier[]
  readonly #workload: Workload
  readonly #auditor: Auditor
  readonly #expiryChecks: ExpiryChecks
  readonly #outputChecks: OutputChecks
  /** Since when each merchant's gateway, keys and configuration are right. */
  readonly #soundSince = new Map<string, number>()

  constructor(seed: number, options: SeedOptions = {}) {
    const { traced = false, wrapStore = (store) => store, wrapDesks = (desks) => desks } = options
    this.#seed = seed
    const scenario = drawScenario(new Random(seed, 1))
    this.#scenario = scenario
    this.#policy = policyOf(scenario)
    const random = new Random(seed, 2)
    this.#trace = new Trace({ kept: traced, startAt })
    this.#loop = new Loop({ random, trace: this.#trace, startAt })
    this.clock = { loop: this.#loop, random }
    const [loop, trace, figures, verdict] = [this.#loop, this.#trace, this.#figures, this.#verdict]
    const { merchants } = scenario
    const drawsFaults = { loop, random, figures, scenario }
    this.#faults = new FaultSchedule({ ...drawsFaults, ...scenario, lasting: null })
    this.#gatewayFaults = merchants.map((each) => new FaultSchedule({ ...drawsFaults, ...each }))
    const gatewayFaults = (merchant: SimMerchant) => this.#faultsOf(merchant)
    const world = { scenario, loop, random, trace, figures, verdict, faults: this.#faults }
    this.#database = new DatabaseServer({
      ...world,
      skewMs: scenario.databaseSkewMs,
      onCommit: (change) => {
        for (const { before, after } of change.orders)
          if (before === null) this.#workload.stored(after)
        this.#auditor.committed(change)
      },
      onRefusal: (constraint) => this.#auditor.constraintRefused(constraint),
    })
    this.#gateways = new Gateways(
      merchants.map((merchant) => {
        return new GatewayServer({
          ...{ ...world, merchant, faults: this.#faultsOf(merchant) },
          falseAbsenceMsMax: this.#policy.absenceSpreadMs,
          onPaid: (gatewayOrder) => this.#notifierOf(merchant).notify(gatewayOrder),
          onPrepay: (order, mchid) => this.#outputChecks.prepay(order, mchid),
          onClose: (name) => this.#expiryChecks.closeRequested(name),
        })
      }),
    )
    const truth = {
      verdict,
      tables: this.#database.tables,
      gateways: this.#gateways,
      worldNow: () => loop.now,
    }
    const now = () => this.#database.now()
    this.#expiryChecks = new ExpiryChecks({
      ...{ ...truth, now, leaseMs: this.#policy.leaseMs },
      isConfigured: (of) => this.#cluster.hasMerchant(of),
    })
    this.#outputChecks = new OutputChecks({
      ...truth,
      soundSince: (mchid) => this.#soundSince.get(mchid) ?? null,
      clocksAgree: scenario.nodeSkewMsMax < minuteMs,
      adoptPrefixes: scenario.adoptPrefixes,
    })
    const servers = { database: this.#database, gateways: this.#gateways, gatewayFaults }
    this.#cluster = new Cluster({
      ...{ ...world, ...servers, policy: this.#policy, wrapStore, wrapDesks },
      onBreakerOpened: (opened) => this.#outputChecks.breakerOpened(opened),
    })
    const names = merchants.map(({ name }) => name)
    this.#notifiers = merchants.map((merchant) => {
      return new Notifier({
        ...{ ...world, merchant, names, faults: this.#faultsOf(merchant) },
        callbacksHeal: scenario.callbacksHeal,
        deliver: (sent, answered) => this.#cluster.deliver(sent, answered),
        onAcknowledged: (notification) => this.#auditor.acknowledged(notification),
        onMisdirected: (notification) => this.#auditor.misdirected(notification),
      })
    })
    this.#workload = new Workload({
      ...{ ...world, cluster: this.#cluster, gateways: this.#gateways, gatewayFaults },
      notifier: (merchant) => this.#notifierOf(merchant),
      outputChecks: this.#outputChecks,
    })
    this.#auditor = new Auditor({
      ...{ ...truth, now, expiryChecks: this.#expiryChecks, outputChecks: this.#outputChecks },
      waitMsMax: this.#waitMsMax,
      hasDeliveries: scenario.hasOnPaid,
      adoptAttach: scenario.adoptAttach,
    })
  }

  async run(): Promise<SeedResult> {
    this.#cluster.start()
    this.#workload.start()
    this.#scheduleOutages()
    await this.#safetyPhase()
    if (this.#verdict.failure === null) await this.#livenessPhase()
    if (this.#verdict.failure === null) this.#auditor.final()
    return this.#result()
  }

  /** An unhandled rejection: it would have ended the process. */
  caught(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#verdict.fail('no error of budan itself', text)
  }

  async #safetyPhase(): Promise<void> {
    const endAt = startAt + this.#scenario.faultyMs
    let over = false
    this.#loop.after(this.#scenario.faultyMs, {
      owner: null,
      label: 'faults stop',
      fire: () => {
        over = true
      },
    })
    await this.#loop.run(() => this.#isBroken || over || this.#loop.now > endAt)
  }

  /** A merchant whose fault lasts must hold up no other; it is cured when the others are done. */
  async #livenessPhase(): Promise<void> {
    const { merchants } = this.#scenario
    const ill = merchants.filter(({ lasting }) => lasting !== null)
    this.#faults.stop()
    for (const faults of this.#gatewayFaults) faults.stop()
    this.#trace.log(this.#loop.now, () => 'faults stop')
    this.#heal({ without: ill.filter(({ lasting }) => lasting === 'removed') })
    await this.#watch(merchants.filter((each) => !ill.includes(each)))
    if (ill.length === 0 || this.#isBroken) return
    for (const faults of this.#gatewayFaults) faults.cure()
    this.#trace.log(this.#loop.now, () => 'lasting faults stop')
    this.#heal({ without: [] })
    await this.#watch(ill)
  }

  #heal(config: { without: readonly SimMerchant[] }): void {
    for (const gateway of this.#gateways.all) gateway.heal()
    this.#cluster.heal(config)
    for (const notifier of this.#notifiers) notifier.heal()
  }

  /** Until every order of these merchants is as expected. */
  async #watch(merchants: readonly SimMerchant[]): Promise<void> {
    for (const { mchid } of merchants) this.#soundSince.set(mchid, this.#loop.now)
    const all = merchants.map((merchant) => this.#livenessOf(merchant))
    let over = false
    const look = () => {
      over = all.filter((each) => !each.check(this.#loop.now)).length === 0
      const afterMs = Math.min(this.#policy.intervalMs / 2, 10 * minuteMs)
      if (!over) this.#loop.after(afterMs, { owner: null, label: 'look', fire: look })
    }
    const limitAt = this.#loop.now + Math.max(...all.map(({ limitMs }) => limitMs))
    look()
    await this.#loop.run(() => this.#isBroken || over || this.#loop.now > limitAt)
    if (this.#isBroken) return
    for (const each of all) each.final()
  }

  #livenessOf({ mchid }: SimMerchant): Liveness {
    const { recharge, databaseSkewMs, callbacksHeal, isLong } = this.#scenario
    const { intervalMs, thresholdMs } = this.#policy
    const isOpen = () => this.#cluster.live.some((node) => node.breakerReason(mchid) !== null)
    return new Liveness(
      {
        ...{ verdict: this.#verdict, tables: this.#database.tables, mchid },
        gatewayOrders: this.#gateways.of(mchid).gatewayOrders,
        batchSize: recharge.compensationBatchSize,
        ...{ intervalMs, thresholdMs, waitMsMax: this.#waitMsMax, skewMs: databaseSkewMs },
        ...{ callbacksHeal, isLong, isBreakerOpen: isOpen },
      },
      this.#loop.now,
    )
  }

  #faultsOf({ place }: SimMerchant): FaultSchedule {
    return this.#gatewayFaults[place] ?? this.#faults
  }

  #notifierOf({ place }: SimMerchant): Notifier {
    const notifier = this.#notifiers[place]
    if (notifier === undefined) throw new Error(`No notifier for merchant ${place}`)
    return notifier
  }

  /** An outage of the database ends all sessions at its start. */
  #scheduleOutages(): void {
    for (const { kind, fromMs } of this.#scenario.outages) {
      if (kind !== 'database_down') continue
      const fire = () => this.#database.endSessions(() => true)
      this.#loop.after(fromMs, { owner: null, label: 'database goes down', fire })
    }
  }

  #result(): SeedResult {
    const { tables } = this.#database
    this.#figures.count('seeds')
    this.#figures.count('merchants', this.#scenario.merchants.length)
    this.#figures.count('events', this.#loop.fired)
    this.#figures.count('credits', tables.transfers.length)
    this.#figures.count('runs', tables.runs.size)
    this.#figures.count('virtual ms', Math.round(this.#loop.now - startAt))
    for (const { status } of tables.orders.values()) this.#figures.count(`status:${status}`)
    return {
      seed: this.#seed,
      failure: this.#verdict.failure,
      figures: this.#figures,
      hash: this.#trace.hash,
      trace: this.#trace,
    }
  }

  get #isBroken(): boolean {
    return this.#verdict.failure !== null
  }

  /** The longest of all schedules and leases. */
  get #waitMsMax(): number {
    return Math.max(this.#policy.leaseMs, ...this.#policy.recheckMs) + 1
  }
}

function policyOf({ recharge, drain, timeoutMs }: Scenario): SchedulePolicy {
  const rest = {
    compensationEnabled: true,
    compensationDrain: drain,
    compensationMaxQps: 20,
  }
  return schedulePolicy({ ...recharge, ...rest }, timeoutMs)
}
