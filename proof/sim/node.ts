import type { Desk } from '../../src/desk.ts'
import { adoptAtDesks, Desks, type OfMerchant, ofUser } from '../../src/desks.ts'
import type { Emit } from '../../src/domain/event.ts'
import type { SchedulePolicy } from '../../src/domain/runs/schedule.ts'
import type { RawCallback } from '../../src/gateway/gateway.ts'
import { InFlight } from '../../src/job/in-flight.ts'
import { startRun } from '../../src/job/scan.ts'
import { createJob } from '../../src/job/tick.ts'
import { abandonOrder } from '../../src/orders/abandon.ts'
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
import { SettleGroups } from '../../src/settle/groups.ts'
import type { OnPaid } from '../../src/settle/settle.ts'
import type { Store } from '../../src/store/store.ts'
import type { Owner } from './clock/loop.ts'
import { type DeskScenario, type NodeMerchant, openDesk } from './merchants/desk.ts'

/** A test wraps the desks of each node in a defect. */
export type WrapDesks = (desks: readonly Desk[]) => readonly Desk[]

export interface NodeParts {
  readonly owner: Owner
  readonly scenario: DeskScenario
  readonly policy: SchedulePolicy
  readonly store: Store
  /** In the order of the configuration. */
  readonly merchants: readonly NodeMerchant[]
  /** Of what is no merchant's. */
  readonly emit: Emit
  readonly onPaid: OnPaid | null
  readonly wrapDesks?: WrapDesks
}

/** An order, and the merchant that the caller means; null: the caller does not say. */
export interface CalledOrder {
  readonly orderNo: string
  readonly mchid: string | null
}

/** One simulated process of budan. */
export type SimulatedNode = ReturnType<typeof startNode>

/** Wires the production stages as `src/service.ts` does, and starts the job. */
export function startNode(parts: NodeParts) {
  const { owner, policy, store, emit, merchants, wrapDesks = (desks) => desks } = parts
  const deskParts = { ...parts, node: owner.name, groups: new SettleGroups() }
  const opened = wrapDesks(merchants.map((each) => openDesk(deskParts, each)))
  const desks = new Desks(opened as readonly [Desk, ...Desk[]])
  const running = { store, emit, policy, node: owner.name }
  const job = createJob({ running, merchants: desks.all, enabled: true, engine: localEngine })
  const inFlight = new InFlight(policy.leaseMs - policy.runDeadlineMs + 10_000)
  const deskOf = (mchid: string) => desks.all.find(({ merchant }) => merchant.mchid === mchid)
  // The name of a merchant that this node does not have is unknown to it, too.
  const named = (mchid: string | null): OfMerchant => ({
    merchant: mchid === null ? null : (deskOf(mchid)?.name ?? `number ${mchid}`),
  })
  const nameOf = ({ orderNo, mchid }: CalledOrder) =>
    desks.nameOf(store, { orderNo, ...named(mchid) })
  job.start()
  return {
    owner,
    breakerReason: (mchid: string) => deskOf(mchid)?.breaker.reason ?? null,
    start: () => job.start(),
    stop: () => inFlight.end([job.stop()]),
    place: async (request: PlaceRequest, mchid: string) => {
      const desk = desks.named(named(mchid))
      return inFlight.track(placeOrder(desk.adopting, ofUser(desk, request)))
    },
    adopt: async (request: AdoptRequest, mchid: string) => {
      const [adoption] = await inFlight.track(
        adoptAtDesks(desks, [{ ...request, ...named(mchid) }]),
      )
      return adoption
    },
    correct: (called: CalledOrder, request: CorrectRequest) =>
      inFlight.track(
        nameOf(called).then(({ desk, name }) =>
          correctOrder(desk.adopting, { ...ofUser(desk, request), ...name }),
        ),
      ),
    abandon: (called: CalledOrder, request: AbandonRequest) =>
      inFlight.track(
        nameOf(called).then(({ desk, name }) => abandonOrder(desk, { ...request, ...name })),
      ),
    check: (called: CalledOrder) =>
      inFlight.track(
        nameOf(called).then(({ desk, name }) => checkOrder(desk, { ...name, actor: null })),
      ),
    receive: async (callback: RawCallback, path: string) =>
      inFlight.track(receiveCallback(desks.calledBack({ merchant: path }).receiving, callback)),
    run: (dryRun: boolean) =>
      inFlight.track(
        startRun(running, desks.all, {
          ...{ trigger: 'manual', dryRun, intervalMs: null, signal: inFlight.signal },
        }).then((started) => (started.kind === 'started' ? started.ended : null)),
      ),
  }
}
