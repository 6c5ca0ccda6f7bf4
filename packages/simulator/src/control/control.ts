import { z } from 'zod'
import type { LoggedRequest, RequestFilter } from '../api/request-log.ts'
import type { Delivery } from '../callbacks/delivery.ts'
import { type NoticeInput, noticeInput, noticeOf } from '../callbacks/notice.ts'
import type { NotifyingWorld } from '../callbacks/notifier.ts'
import { operationError, type RuleInput, type RuleView, ruleInput } from '../faults/rules.ts'
import type { JsonObject } from '../merge.ts'
import type { Order } from '../orders/order.ts'
import { payOrder } from '../orders/payment.ts'
import { type Switches, type SwitchesPatch, switchesPatch } from '../switches.ts'
import { ControlError } from './control-error.ts'
import { closeNow, findOrder, putOrder, refund, revoke } from './intervene.ts'
import { parse } from './parse.ts'
import { type PayInput, payInput } from './pay-input.ts'
import type { PutInput } from './put-input.ts'
import { type OrderView, type Truth, truthOf, viewOf } from './truth.ts'

interface WaitOptions {
  readonly signal?: AbortSignal
}

/**
 * Controls a running simulator. In-process and over HTTP the JSON shapes are the same (README.md).
 * Times are RFC 3339, amounts integer fen. Methods throw `ControlError` when the request cannot be
 * carried out: no such order, wrong input, already paid.
 */
export interface Control {
  /** Adds an order as if another system had placed it; no prepay is needed. */
  putOrder(order: PutInput): OrderView
  /** One order as it is now. */
  order(orderNo: string): OrderView
  /** All orders, or those in one state, such as `NOTPAY`. */
  orders(filter?: { readonly state?: string }): readonly OrderView[]
  /** The payer pays. The callback is sent unless `callback` is false. */
  pay(orderNo: string, input?: PayInput): OrderView
  /** Closes the order, as the merchant does, or WeChat Pay after seven days. */
  close(orderNo: string): OrderView
  /** Refunds the whole amount, or a part of it. */
  refund(orderNo: string, input?: { readonly amount?: number }): OrderView
  /** Sets the state REVOKED, which payments by card have, and returns the money. */
  revoke(orderNo: string): OrderView
  /** Sets any state, known or not. No money moves. */
  setState(orderNo: string, state: string): OrderView
  /** Merges this over all further answers and callbacks about the order (`null` inside removes a member); null ends it. */
  answerAs(orderNo: string, patch: JsonObject | null): OrderView
  /** Loses all further callbacks of the order, including those that wait for their next attempt. */
  loseCallbacks(orderNo: string, lose?: boolean): OrderView
  /** Sends the callback of the newest payment immediately. */
  redeliver(orderNo: string): Promise<Delivery>
  /** Sends the notice of the newest refund immediately, without retries; as another event if one is given. */
  noticeRefund(orderNo: string, input?: NoticeInput): Promise<Delivery>
  /** Every attempt to deliver a callback of the order, oldest first. */
  deliveries(orderNo: string): readonly Delivery[]
  /** Resolves when no more callbacks of the order are due, or `attempts` were made. */
  waitForDeliveries(
    orderNo: string,
    options?: WaitOptions & { readonly attempts?: number },
  ): Promise<readonly Delivery[]>
  /** Who paid what, and what was refunded, in fen: compare your books with it. */
  truth(): Truth
  /** Requests of clients and their answers, oldest first, without authorization. */
  requests(filter?: RequestFilter): readonly LoggedRequest[]
  /** Resolves once `count` (default 1) matching requests have arrived, including earlier ones. */
  waitForRequests(
    filter: RequestFilter,
    options?: WaitOptions & { readonly count?: number },
  ): Promise<readonly LoggedRequest[]>
  /** Removes the requests so far. */
  clearRequests(): void
  /** How the simulator behaves where the documentation leaves it open. */
  switches(): Switches
  /** Changes some of the switches, and returns all. */
  setSwitches(patch: SwitchesPatch): Switches
  /** Injects a fault from now on, where the rule matches. */
  addFault(rule: RuleInput): RuleView
  /** The rules, with how often each matched and fired. */
  faults(): readonly RuleView[]
  /** Removes one rule. Throws `ControlError` if it does not exist. */
  removeFault(id: string): void
  /** Removes all rules. */
  clearFaults(): void
  /** The simulator's time. */
  now(): Date
  /** Moves the simulator's time forward. Callbacks that become due are sent, and their answers awaited. */
  advance(ms: number): Promise<void>
  /** A new platform certificate signs from now on; the old one stays listed unless it is retired. */
  rotateCertificate(options?: { readonly retire_old?: boolean }): Promise<{ serial_no: string }>
  /** Removes orders, callbacks, faults and requests, and restores the switches of the start. */
  reset(): void
}

/** A year: longer than the life of any trade. A time beyond the range of `Date` would break the clock. */
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

function orderControl(world: NotifyingWorld, view: (orderNo: string) => OrderView) {
  const changed = (orderNo: string, change: (order: Order) => void) => {
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
  } satisfies Partial<Control>
}

function deliveryControl(world: NotifyingWorld) {
  const deliverable = (orderNo: string) => {
    const order = findOrder(world, orderNo)
    const payment = order.payments.at(-1)
    if (payment && order.notifyUrl) return { order, payment }
    const lacks = payment ? 'a notify_url' : 'a payment'
    throw new ControlError(409, 'CONFLICT', `Cannot deliver "${orderNo}" without ${lacks}`)
  }
  return {
    redeliver: async (orderNo) => {
      const { order, payment } = deliverable(orderNo)
      return world.notifier.redeliver(order, payment)
    },
    noticeRefund: async (orderNo, input = {}) => {
      const { order, payment } = deliverable(orderNo)
      const notice = noticeOf(world, order, parse(noticeInput, input))
      return world.notifier.sendNotice(order, { payment, notice })
    },
    deliveries: (orderNo) => world.notifier.deliveries(orderNo),
    waitForDeliveries: (orderNo, options = {}) => world.notifier.wait(orderNo, options),
  } satisfies Partial<Control>
}

function faultControl(world: NotifyingWorld) {
  return {
    switches: () => ({ ...world.switches }),
    setSwitches: (patch) => ({ ...Object.assign(world.switches, parse(switchesPatch, patch)) }),
    addFault: (input) => {
      const rule = parse(ruleInput, input)
      const error = operationError(rule)
      if (error) throw new ControlError(400, 'WRONG_INPUT', error)
      if (world.rules.full) throw new ControlError(409, 'FULL', 'Cannot keep more faults')
      return world.rules.add(rule)
    },
    faults: () => world.rules.list(),
    removeFault: (id) => {
      if (world.rules.remove(id)) return
      throw new ControlError(404, 'NO_SUCH_FAULT', `Cannot find fault "${id}"`)
    },
    clearFaults: () => world.rules.clear(),
  } satisfies Partial<Control>
}
