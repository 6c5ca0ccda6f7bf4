import { z } from 'zod'
import { ControlError } from './control-error.ts'
import type { Delivery } from './delivery.ts'
import { closeNow, findOrder, putOrder, refund, revoke } from './intervene.ts'
import type { JsonObject } from './merge.ts'
import { type NoticeInput, noticeInput, noticeOf } from './notice.ts'
import type { NotifyingWorld } from './notifier.ts'
import { parse } from './parse.ts'
import { type PayInput, payInput } from './pay-input.ts'
import { payOrder } from './payment.ts'
import type { PutInput } from './put-input.ts'
import type { LoggedRequest, RequestFilter } from './request-log.ts'
import { misfit, type RuleInput, type RuleView, ruleInput } from './rules.ts'
import { type Switches, type SwitchesPatch, switchesPatch } from './switches.ts'
import { type OrderView, type Truth, truthOf, viewOf } from './truth.ts'

interface WaitOptions {
  readonly signal?: AbortSignal
}

/**
 * What a test, a demo or a person does to a running simulator. In-process and over HTTP it takes
 * and gives the same JSON shapes (README.md). Times are RFC 3339, amounts integer fen.
 * Methods throw `ControlError` for what cannot be done: no such order, wrong input, paid already.
 */
export interface Control {
  /** An order that some other system placed; no prepay is needed for it. */
  putOrder(order: PutInput): OrderView
  /** One order as it is now. */
  order(orderNo: string): OrderView
  /** All orders, or those in one state, such as `NOTPAY`. */
  orders(filter?: { readonly state?: string }): readonly OrderView[]
  /** The payer pays; the merchant is called back unless `callback` is false. */
  pay(orderNo: string, input?: PayInput): OrderView
  /** The merchant closes it, or WeChat Pay does after its seven days. */
  close(orderNo: string): OrderView
  /** The whole amount, or a part of it. */
  refund(orderNo: string, input?: { readonly amount?: number }): OrderView
  /** Makes it REVOKED, a state of payments by card. */
  revoke(orderNo: string): OrderView
  /** Any word, known or not; money stays where it is. */
  setState(orderNo: string, state: string): OrderView
  /** Merged over all that is said about the order from now on (`null` inside removes a member); null ends it. */
  answerAs(orderNo: string, patch: JsonObject | null): OrderView
  /** The order's callbacks do not arrive from now on, those waiting for their next attempt included. */
  loseCallbacks(orderNo: string, lose?: boolean): OrderView
  /** Sends the callback of the newest payment at once. */
  redeliver(orderNo: string): Promise<Delivery>
  /** Sends the notice of the newest refund at once, and once; as another event, if one is given. */
  noticeRefund(orderNo: string, input?: NoticeInput): Promise<Delivery>
  /** Every attempt to deliver a callback of the order, oldest first. */
  deliveries(orderNo: string): readonly Delivery[]
  /** Resolves when no more callbacks are to come for the order, or when `attempts` were made. */
  waitForDeliveries(
    orderNo: string,
    options?: WaitOptions & { readonly attempts?: number },
  ): Promise<readonly Delivery[]>
  /** Who paid what, and what was refunded, in fen: compare your books with it. */
  truth(): Truth
  /** What clients asked and were answered, oldest first, without their authorization. */
  requests(filter?: RequestFilter): readonly LoggedRequest[]
  /** Resolves once `count` (1) requests that fit have arrived, earlier ones included. */
  waitForRequests(
    filter: RequestFilter,
    options?: WaitOptions & { readonly count?: number },
  ): Promise<readonly LoggedRequest[]>
  /** Forgets the requests so far. */
  clearRequests(): void
  /** How the simulator behaves where the documentation leaves it open. */
  switches(): Switches
  /** Changes some of the switches, and gives back all. */
  setSwitches(patch: SwitchesPatch): Switches
  /** From now on something goes wrong where the rule says. */
  addFault(rule: RuleInput): RuleView
  /** The rules, with how often each matched and fired. */
  faults(): readonly RuleView[]
  /** Throws `ControlError` when there is no such rule. */
  removeFault(id: string): void
  /** Removes all rules. */
  clearFaults(): void
  /** The simulator's time. */
  now(): Date
  /** Moves the simulator's time on; callbacks that fall due are sent on the way and waited for. */
  advance(ms: number): Promise<void>
  /** A new platform certificate signs from now on; the old one stays listed unless it is retired. */
  rotateCertificate(options?: { readonly retire_old?: boolean }): Promise<{ serial_no: string }>
  /** Forgets orders, callbacks, faults and requests; the switches are as they were at the start. */
  reset(): void
}

/** A year at once: past everything that can happen to a trade. A time beyond all dates stops everything. */
const advanceMsMax = 366 * 24 * 3_600_000

export function controlOf(world: NotifyingWorld): Control {
  const atStart = { ...world.switches }
  const view = (orderNo: string) => viewOf(world, findOrder(world, orderNo))
  return {
    ...orderControl(world, view),
    ...deliveryControl(world),
    ...faultControl(world),
    truth: () => truthOf(world),
    requests: (filter) => world.log.list(filter),
    waitForRequests: (filter, options = {}) =>
      world.log.wait(filter, { count: options.count ?? 1, signal: options.signal }),
    clearRequests: () => world.log.clear(),
    now: () => new Date(world.clock.now()),
    advance: (ms) => world.clock.advance(parse(z.number().min(0).max(advanceMsMax), ms)),
    rotateCertificate: async (options = {}) => {
      const fresh = await world.keyring.rotate({ retireOld: options.retire_old ?? false })
      return { serial_no: fresh.serialNo }
    },
    reset: () => {
      world.clock.clear()
      world.notifier.clear()
      world.book.clear()
      world.rules.clear()
      world.log.clear()
      Object.assign(world.switches, atStart)
    },
  }
}

type Group<K extends keyof Control> = Pick<Control, K>

function orderControl(
  world: NotifyingWorld,
  view: (orderNo: string) => OrderView,
): Group<
  | 'putOrder'
  | 'order'
  | 'orders'
  | 'pay'
  | 'close'
  | 'refund'
  | 'revoke'
  | 'setState'
  | 'answerAs'
  | 'loseCallbacks'
> {
  const changed = (orderNo: string, change: (order: ReturnType<typeof findOrder>) => void) => {
    change(findOrder(world, orderNo))
    return view(orderNo)
  }
  return {
    putOrder: (input) => viewOf(world, putOrder(world, input)),
    order: view,
    orders: (filter = {}) =>
      [...world.book.all()]
        .filter((order) => filter.state === undefined || order.state === filter.state)
        .map((order) => viewOf(world, order)),
    pay: (orderNo, input = {}) =>
      changed(orderNo, (order) => payOrder(world, order, parse(payInput, input))),
    close: (orderNo) => changed(orderNo, closeNow),
    refund: (orderNo, input = {}) => changed(orderNo, (order) => refund(world, order, input)),
    revoke: (orderNo) => changed(orderNo, revoke),
    setState: (orderNo, state) =>
      changed(orderNo, (order) => {
        order.state = parse(z.string().regex(/^[A-Z_]{1,32}$/), state)
      }),
    answerAs: (orderNo, patch) =>
      changed(orderNo, (order) => {
        order.answered = parse(z.record(z.string(), z.json()).nullable(), patch)
      }),
    loseCallbacks: (orderNo, lose = true) =>
      changed(orderNo, (order) => {
        order.losesCallbacks = lose
      }),
  }
}

function deliveryControl(
  world: NotifyingWorld,
): Group<'redeliver' | 'noticeRefund' | 'deliveries' | 'waitForDeliveries'> {
  return {
    redeliver: async (orderNo) => {
      const order = findOrder(world, orderNo)
      const payment = order.payments.at(-1)
      if (payment && order.notifyUrl) return world.notifier.redeliver(order, payment)
      const lacks = payment ? 'a notify_url' : 'a payment'
      throw new ControlError(409, 'CONFLICT', `Cannot deliver "${orderNo}" without ${lacks}`)
    },
    noticeRefund: async (orderNo, input = {}) => {
      const order = findOrder(world, orderNo)
      const payment = order.payments.at(-1)
      if (payment === undefined || order.notifyUrl === null) {
        const lacks = payment ? 'a notify_url' : 'a payment'
        throw new ControlError(409, 'CONFLICT', `Cannot deliver "${orderNo}" without ${lacks}`)
      }
      const notice = noticeOf(world, order, parse(noticeInput, input))
      return world.notifier.tell(order, { payment, notice })
    },
    deliveries: (orderNo) => world.notifier.deliveries(orderNo),
    waitForDeliveries: (orderNo, options = {}) => world.notifier.wait(orderNo, options),
  }
}

function faultControl(
  world: NotifyingWorld,
): Group<'switches' | 'setSwitches' | 'addFault' | 'faults' | 'removeFault' | 'clearFaults'> {
  return {
    switches: () => ({ ...world.switches }),
    setSwitches: (patch) => ({ ...Object.assign(world.switches, parse(switchesPatch, patch)) }),
    addFault: (input) => {
      const rule = parse(ruleInput, input)
      const complaint = misfit(rule)
      if (complaint) throw new ControlError(400, 'WRONG_INPUT', complaint)
      if (world.rules.full) throw new ControlError(409, 'FULL', 'Cannot keep more faults')
      return world.rules.add(rule)
    },
    faults: () => world.rules.list(),
    removeFault: (id) => {
      if (world.rules.remove(id)) return
      throw new ControlError(404, 'NO_SUCH_FAULT', `Cannot find fault "${id}"`)
    },
    clearFaults: () => world.rules.clear(),
  }
}
