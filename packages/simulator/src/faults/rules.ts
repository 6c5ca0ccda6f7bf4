import { z } from 'zod'
import type { Chance } from '../chance.ts'
import {
  clientOperations,
  type Fault,
  type FaultKind,
  faultSchema,
  fits,
  type Operation,
  operations,
} from './fault.ts'

/** Enough for any scenario, and few enough to check all of them at each request. */
const rulesMax = 1_000
/** Orders that one rule counts; it does not fire for further orders. */
const ordersMax = 1_000_000

const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.union([item.transform((one) => [one]), z.array(item).min(1)])

export const ruleInput = z.strictObject({
  id: z.string().min(1).max(64).optional(),
  /** Default: every operation of a client. Callbacks only if `notify` is named. */
  operation: oneOrMore(z.enum(operations)).optional(),
  /** Default: every order. */
  out_trade_no: oneOrMore(z.string()).optional(),
  /** Probability that a match fires, drawn from the seed, the order and the matches of the order. */
  probability: z.number().min(0).max(1).optional(),
  /** Number of matches that do not fire first. */
  skip: z.int().min(0).optional(),
  /** The most times that the rule fires, in total and for one order. */
  times: z.int().min(1).optional(),
  times_per_order: z.int().min(1).optional(),
  fault: faultSchema,
})

export type RuleInput = z.input<typeof ruleInput>
type ParsedRule = z.output<typeof ruleInput>

interface Rule {
  readonly id: string
  readonly is: ParsedRule
  readonly operations: ReadonlySet<Operation>
  readonly orders: ReadonlySet<string> | null
  readonly byOrder: Map<string, { matched: number; fired: number }>
  matched: number
  fired: number
}

export interface RuleView {
  readonly id: string
  readonly operation: readonly Operation[]
  readonly out_trade_no: readonly string[] | null
  readonly fault: Fault
  readonly matched: number
  readonly fired: number
}

/** The rules of the faults, in the order in which they were added. */
export class Rules {
  readonly #chance: Chance
  readonly #rules = new Map<string, Rule>()
  #added = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  get full(): boolean {
    return this.#rules.size >= rulesMax
  }

  add(is: ParsedRule): RuleView {
    this.#added += 1
    const rule: Rule = {
      id: is.id ?? `fault-${this.#added}`,
      is,
      operations: new Set(is.operation ?? clientOperations),
      orders: is.out_trade_no ? new Set(is.out_trade_no) : null,
      byOrder: new Map(),
      matched: 0,
      fired: 0,
    }
    this.#rules.set(rule.id, rule)
    return view(rule)
  }

  remove(id: string): boolean {
    return this.#rules.delete(id)
  }

  clear(): void {
    this.#rules.clear()
  }

  list(): RuleView[] {
    return [...this.#rules.values()].map(view)
  }

  /** The faults of this operation now. It counts matches: call it once for each request. */
  draw(operation: Operation, orderNo: string | null): readonly Fault[] {
    const faults: Fault[] = []
    for (const rule of this.#rules.values()) {
      if (matches(rule, operation, orderNo) && this.#fires(rule, orderNo ?? '')) {
        faults.push(rule.is.fault)
      }
    }
    return faults
  }

  #fires(rule: Rule, orderNo: string): boolean {
    const { is } = rule
    const ofOrder = countsOf(rule, orderNo)
    if (!ofOrder) return false
    rule.matched += 1
    ofOrder.matched += 1
    if (rule.matched <= (is.skip ?? 0)) return false
    if (rule.fired >= (is.times ?? Number.POSITIVE_INFINITY)) return false
    if (ofOrder.fired >= (is.times_per_order ?? Number.POSITIVE_INFINITY)) return false
    if (is.probability !== undefined) {
      const draw = this.#chance.fraction('fault', rule.id, orderNo, ofOrder.matched)
      if (draw >= is.probability) return false
    }
    rule.fired += 1
    ofOrder.fired += 1
    return true
  }
}

/** Why the fault of the rule cannot be injected into an operation that the rule names; null: it can. */
export function operationError(rule: ParsedRule): string | null {
  const kind: FaultKind = rule.fault.kind
  const named: readonly Operation[] = rule.operation ?? clientOperations
  const wrong = named.find((operation) => !fits(kind, operation))
  if (!wrong) return null
  return `Cannot inject "${kind}" into "${wrong}": ${
    wrong === 'notify' ? 'it is for answers only' : 'name the operation "notify"'
  }`
}

function matches(rule: Rule, operation: Operation, orderNo: string | null): boolean {
  if (!rule.operations.has(operation)) return false
  return !rule.orders || (orderNo !== null && rule.orders.has(orderNo))
}

function countsOf(rule: Rule, orderNo: string): { matched: number; fired: number } | null {
  const known = rule.byOrder.get(orderNo)
  if (known) return known
  if (rule.byOrder.size >= ordersMax) return null
  const counts = { matched: 0, fired: 0 }
  rule.byOrder.set(orderNo, counts)
  return counts
}

function view(rule: Rule): RuleView {
  return {
    id: rule.id,
    operation: [...rule.operations],
    out_trade_no: rule.orders ? [...rule.orders] : null,
    fault: rule.is.fault,
    matched: rule.matched,
    fired: rule.fired,
  }
}
