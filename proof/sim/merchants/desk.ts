import pLimit from 'p-limit'
import type { Desk } from '../../../src/desk.ts'
import type { Emit } from '../../../src/domain/event.ts'
import type { SchedulePolicy } from '../../../src/domain/runs/schedule.ts'
import { type Gateway, merchantOf } from '../../../src/gateway/gateway.ts'
import { Backlog } from '../../../src/job/backlog.ts'
import { Breaker } from '../../../src/job/breaker.ts'
import { type SettleGroups, settlersOf } from '../../../src/settle/groups.ts'
import type { OnPaid, Settling } from '../../../src/settle/settle.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Scenario } from '../plan/scenario.ts'
import type { SimMerchant } from './merchant.ts'

/** A merchant as the configuration of one node has it. */
export interface NodeMerchant {
  readonly merchant: Pick<SimMerchant, 'mchid' | 'userPrefix'>
  readonly name: string
  readonly gateway: Gateway
  readonly emit: Emit
}

/** What a world decides of the desks of its nodes. */
export type DeskScenario = Pick<Scenario, 'adoptAttach' | 'adoptPrefixes' | 'drain'> & {
  readonly recharge: Pick<Scenario['recharge'], 'compensationBatchSize' | 'compensationConcurrency'>
}

export interface DeskParts {
  readonly scenario: DeskScenario
  readonly policy: SchedulePolicy
  readonly store: Store
  readonly node: string
  readonly onPaid: OnPaid | null
  /** Answers of all merchants of a process share transactions. */
  readonly groups: SettleGroups
}

/**
 * Wires the stages for one merchant as `src/desk.ts` does, but without clocks: those of the nodes differ
 * by hours in some worlds, and no order would expire there.
 */
export function openDesk(parts: DeskParts, { merchant, name, gateway, emit }: NodeMerchant): Desk {
  const { scenario, policy, store, node, onPaid, groups } = parts
  const { compensationBatchSize: batchSize, compensationConcurrency: concurrency } =
    scenario.recharge
  const breaker = new Breaker(emit, { causeWords: gateway.causeWords })
  const settling: Settling = {
    ...{ store, policy, emit, node },
    adoptAttach: scenario.adoptAttach,
    ...(onPaid && { onPaid }),
  }
  const settlers = settlersOf(settling, { atOnce: concurrency, groups })
  const limited = pLimit(concurrency)
  const clock = () => new Date()
  const placing = { store, gateway, breaker, policy, clock, node }
  const desk: Omit<Desk, 'clocks'> = {
    ...settling,
    ...{ gateway, breaker, batchSize, concurrency, name, userPrefix: merchant.userPrefix },
    merchant: merchantOf(gateway),
    limit: (query) => groups.expecting(() => limited(query)),
    settleAnswer: settlers.answer,
    queriedTogether: store.kind === 'postgres' ? 1 : Math.max(25, concurrency),
    backlog: new Backlog({
      ...{ intervalMs: policy.intervalMs, batchSize, drain: scenario.drain, qpsMax: 20 },
    }),
    adopting: { ...placing, adoptPrefixes: scenario.adoptPrefixes },
    adoptPrefixes: scenario.adoptPrefixes,
    receiving: {
      ...{ ...settling, gateway, breaker, settle: settlers.callback },
      adoptPrefixes: scenario.adoptPrefixes,
    },
  }
  return desk as Desk
}
