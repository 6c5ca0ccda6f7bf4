import type { SchedulePolicy } from '../../src/domain/schedule.ts'
import { schedulePolicy } from '../../src/domain/schedule.ts'
import type { Store } from '../../src/store/store.ts'
import { Auditor } from './auditor.ts'
import { Loop } from './clock/loop.ts'
import { Random } from './clock/random.ts'
import { Trace } from './clock/trace.ts'
import type { VirtualClock } from './clock/virtual.ts'
import { Cluster } from './cluster.ts'
import { DatabaseServer } from './database/server.ts'
import { ExpiryChecks } from './expiry-checks.ts'
import { type Failure, Verdict } from './failure.ts'
import { FaultSchedule } from './fault-schedule.ts'
import { Figures } from './figures.ts'
import { Notifier } from './gateway/notifier.ts'
import { GatewayServer } from './gateway/server.ts'
import { Liveness } from './liveness.ts'
import { OutputChecks } from './output-checks.ts'
import { drawScenario, type Scenario } from './scenario.ts'
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
  /** For tests of the auditor: wraps the store of each node in a defect. */
  readonly wrapStore?: (store: Store) => Store
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
  readonly #gateway: GatewayServer
  readonly #cluster: Cluster
  readonly #notifier: Notifier
  readonly #workload: Workload
  readonly #auditor: Auditor
  readonly #expiryChecks: ExpiryChecks
  readonly #outputChecks: OutputChecks

  constructor(seed: number, { traced = false, wrapStore = (store) => store }: SeedOptions = {}) {
    this.#seed = seed
    const scenario = drawScenario(new Random(seed, 1))
    this.#scenario = scenario
    this.#policy = policyOf(scenario)
    const random = new Random(seed, 2)
    this.#trace = new Trace({ kept: traced, startAt })
    this.#loop = new Loop({ random, trace: this.#trace, startAt })
    this.clock = { loop: this.#loop, random }
    const [loop, trace, figures, verdict] = [this.#loop, this.#trace, this.#figures, this.#verdict]
    this.#faults = new FaultSchedule({ loop, random, figures, scenario })
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
    this.#gateway = new GatewayServer({
      ...world,
      falseAbsenceMsMax: this.#policy.absenceSpreadMs,
      onPaid: (gatewayOrder) => this.#notifier.notify(gatewayOrder),
      onPrepay: (order) => this.#outputChecks.prepay(order),
      onClose: (orderNo) => this.#expiryChecks.closeRequested(orderNo),
    })
    const truth = {
      verdict,
      tables: this.#database.tables,
      gatewayOrders: this.#gateway.gatewayOrders,
      worldNow: () => loop.now,
    }
    const now = () => this.#database.now()
    this.#expiryChecks = new ExpiryChecks({ ...truth, now, leaseMs: this.#policy.leaseMs })
    this.#outputChecks = new OutputChecks({
      ...truth,
      codes: this.#gateway.codes,
      clocksAgree: scenario.nodeSkewMsMax < minuteMs,
      adoptPrefixes: scenario.adoptPrefixes,
    })
    const servers = { database: this.#database, gateway: this.#gateway }
    this.#cluster = new Cluster({
      ...{ ...world, ...servers, policy: this.#policy, wrapStore },
      onBreakerOpened: (reason) => this.#outputChecks.breakerOpened(reason),
    })
    this.#notifier = new Notifier({
      ...world,
      callbacksHeal: scenario.callbacksHeal,
      deliver: (callback, answered) => this.#cluster.deliver(callback, answered),
      onAcknowledged: (notification) => this.#auditor.acknowledged(notification),
    })
    this.#workload = new Workload({
      ...{ ...world, cluster: this.#cluster, gateway: this.#gateway, notifier: this.#notifier },
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

  async #livenessPhase(): Promise<void> {
    const { callbacksHeal } = this.#scenario
    this.#faults.stop()
    this.#gateway.heal()
    this.#cluster.heal()
    this.#notifier.heal()
    const liveness = new Liveness(
      {
        verdict: this.#verdict,
        tables: this.#database.tables,
        gatewayOrders: this.#gateway.gatewayOrders,
        batchSize: this.#scenario.recharge.compensationBatchSize,
        intervalMs: this.#policy.intervalMs,
        thresholdMs: this.#policy.thresholdMs,
        waitMsMax: this.#waitMsMax,
        skewMs: this.#scenario.databaseSkewMs,
        callbacksHeal,
        isBreakerOpen: () => this.#cluster.live.some(({ breaker }) => breaker.reason !== null),
        isLong: this.#scenario.isLong,
      },
      this.#loop.now,
    )
    let over = false
    const look = () => {
      over = liveness.check(this.#loop.now)
      const afterMs = Math.min(this.#policy.intervalMs / 2, 10 * minuteMs)
      if (!over) this.#loop.after(afterMs, { owner: null, label: 'look', fire: look })
    }
    this.#trace.log(this.#loop.now, () => 'faults stop')
    const limitAt = this.#loop.now + liveness.limitMs
    look()
    await this.#loop.run(() => this.#isBroken || over || this.#loop.now > limitAt)
    if (!this.#isBroken) liveness.final()
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
