import pLimit from 'p-limit'
import type { Event } from '../../src/domain/event.ts'
import type { SchedulePolicy } from '../../src/domain/schedule.ts'
import type { Gateway, RawCallback } from '../../src/gateway/gateway.ts'
import { Backlog } from '../../src/job/backlog.ts'
import { Breaker } from '../../src/job/breaker.ts'
import { InFlight } from '../../src/job/in-flight.ts'
import type { Scanning } from '../../src/job/pass.ts'
import { startRun } from '../../src/job/scan.ts'
import { createJob } from '../../src/job/tick.ts'
import { abandonOrder } from '../../src/orders/abandon.ts'
import { adoptOrder } from '../../src/orders/adopt.ts'
import { receiveCallback } from '../../src/orders/callback.ts'
import { checkOrder } from '../../src/orders/check.ts'
import { correctOrder } from '../../src/orders/correct.ts'
import { placeOrder } from '../../src/orders/place.ts'
import type {
  AbandonRequest,
  AdoptRequest,
  CorrectRequest,
  PlaceRequest,
} from '../../src/orders/requests.ts'
import { localEngine } from '../../src/queue/local.ts'
import { settlersOf } from '../../src/settle/groups.ts'
import type { Settling } from '../../src/settle/settle.ts'
import type { Store } from '../../src/store/store.ts'
import type { Owner } from './clock/loop.ts'
import type { Scenario } from './scenario.ts'

export type OnPaid = NonNullable<Settling['onPaid']>

export interface NodeParts {
  readonly owner: Owner
  readonly scenario: Scenario
  readonly policy: SchedulePolicy
  readonly store: Store
  readonly gateway: Gateway
  readonly emit: (event: Event) => void
  readonly onPaid: OnPaid | null
}

/** One simulated process of budan. */
export type SimulatedNode = ReturnType<typeof startNode>

/** Wires the production stages as `src/service.ts` does, and starts the job. */
export function startNode(parts: NodeParts) {
  const { owner, scenario, policy, store, gateway, emit, onPaid } = parts
  const breaker = new Breaker(emit, { causeWords: gateway.causeWords })
  const settling: Settling = {
    ...{ store, policy, emit, node: owner.name },
    adoptAttach: scenario.adoptAttach,
    ...(onPaid && { onPaid }),
  }
  const { compensationBatchSize, compensationConcurrency } = scenario.recharge
  const settlers = settlersOf(settling, { atOnce: compensationConcurrency })
  const scanning: Scanning = {
    ...settling,
    ...{ gateway, breaker },
    batchSize: compensationBatchSize,
    limit: pLimit(compensationConcurrency),
    settleAnswer: settlers.answer,
    queriedTogether: store.kind === 'postgres' ? 1 : Math.max(25, compensationConcurrency),
  }
  const receiving = { ...settling, gateway, breaker, settle: settlers.callback }
  const backlog = new Backlog({
    intervalMs: policy.intervalMs,
    batchSize: scanning.batchSize,
    drain: scenario.drain,
    qpsMax: 20,
  })
  const job = createJob({
    running: { store, emit, policy, node: owner.name },
    merchants: [{ ...scanning, backlog }],
    ...{ enabled: true, engine: localEngine },
  })
  const inFlight = new InFlight(policy.leaseMs - policy.runDeadlineMs + 10_000)
  const placing = { store, gateway, breaker, policy, clock: () => new Date(), node: owner.name }
  const adopting = { ...placing, adoptPrefixes: scenario.adoptPrefixes }
  job.start()
  return {
    owner,
    breaker,
    start: () => job.start(),
    stop: () => inFlight.end(job.stop()),
    place: (request: PlaceRequest) => inFlight.track(placeOrder(placing, request)),
    adopt: (request: AdoptRequest) => inFlight.track(adoptOrder(adopting, request)),
    correct: (orderNo: string, request: CorrectRequest) =>
      inFlight.track(correctOrder(placing, { ...request, orderNo })),
    abandon: (orderNo: string, request: AbandonRequest) =>
      inFlight.track(abandonOrder(scanning, { ...request, orderNo })),
    check: (orderNo: string) => inFlight.track(checkOrder(scanning, { orderNo, actor: null })),
    receive: (callback: RawCallback) => inFlight.track(receiveCallback(receiving, callback)),
    run: (dryRun: boolean) =>
      inFlight.track(
        startRun(scanning, [scanning], {
          ...{ trigger: 'manual', dryRun, intervalMs: null, signal: inFlight.signal },
        }).then((started) => (started.kind === 'started' ? started.ended : null)),
      ),
  }
}
