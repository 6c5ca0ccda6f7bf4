import { Agent } from 'undici'
import { beijingTime, type Cancel } from '../clock.ts'
import { type Fault, faultOf } from '../faults/fault.ts'
import type { Order, Payment } from '../orders/order.ts'
import type { World } from '../world.ts'
import { type Callback, callbackOf, postCallback } from './callback.ts'
import {
  type CallbackState,
  type Delivery,
  type DeliveryOutcome,
  retrySeconds,
} from './delivery.ts'
import type { Notice } from './notice.ts'
import { Waiters } from './waiters.ts'

/** Deliveries that are kept for one order: the schedule, several times. */
const deliveriesMax = 200

interface Notification {
  readonly order: Order
  readonly payment: Payment
  readonly record: CallbackRecord
  /** Sent instead of the payment's success. */
  readonly notice?: Notice
  /** Number among the notifications of the order, from 0. */
  readonly nth: number
  state: CallbackState
  attempts: number
  /** Attempts of the schedule. */
  tries: number
  /** Copies that are not sent yet. */
  copies: number
  cancel: Cancel
}

/** All notifications of one order. */
interface CallbackRecord {
  readonly notifications: Notification[]
  readonly deliveries: Delivery[]
  /** Number of deliveries, including those that are not kept any more. */
  made: number
}

interface Attempt {
  readonly number: number
  readonly copy: boolean
  readonly faults: readonly Fault[]
}

interface Result {
  readonly outcome: DeliveryOutcome
  readonly status?: number | null
  readonly callback?: Callback
  readonly durationMs?: number
}

/** The whole state of one running simulator. */
export interface NotifyingWorld extends World {
  readonly notifier: Notifier
}

/** Sends the callbacks of payments and refunds. */
export class Notifier {
  readonly #world: World
  // With keep-alive, an attempt could fail on an idle connection that the merchant has just closed.
  readonly #agent = new Agent({ pipelining: 0 })
  readonly #records = new Map<string, CallbackRecord>()
  readonly #waiters = new Waiters()

  constructor(world: World) {
    this.#world = world
  }

  /** Starts the callback schedule of a payment, after the given delay or that of the switches. */
  announce(order: Order, payment: Payment, delayMs?: number): void {
    if (order.notifyUrl === null) return
    const { clock, chance, switches } = this.#world
    const notification = this.#add(order, { payment })
    const overtaking = chance.fraction('reorder', order.outTradeNo, notification.nth)
    const wait = delayMs ?? switches.callback_delay_ms + overtaking * switches.callback_reorder_ms
    notification.cancel = clock.at(clock.now() + wait, () => this.#try(notification))
  }

  /** Sends the newest payment's callback now, also if it was lost or accepted. */
  async redeliver(order: Order, payment: Payment): Promise<Delivery> {
    const known = this.#records.get(order.outTradeNo)?.notifications.at(-1)
    const notification =
      known?.payment === payment ? known : this.#add(order, { payment, state: 'gave_up' })
    return this.#attempt(notification)
  }

  /** Sends another notice than a payment's success, without retries. It is not the order's callback. */
  sendNotice(
    order: Order,
    { payment, notice }: { payment: Payment; notice: Notice },
  ): Promise<Delivery> {
    const record = this.#recordOf(order)
    const own = { payment, notice, state: 'gave_up' } as const
    return this.#attempt(notificationOf({ order, record, nth: record.made, ...own }))
  }

  state(orderNo: string): CallbackState | 'none' {
    return this.#records.get(orderNo)?.notifications.at(-1)?.state ?? 'none'
  }

  deliveries(orderNo: string): readonly Delivery[] {
    return this.#records.get(orderNo)?.deliveries ?? []
  }

  /** Resolves when no delivery of the order is due any more, or `attempts` were made. */
  async wait(
    orderNo: string,
    options: { readonly attempts?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Delivery[]> {
    const enough = options.attempts ?? Number.POSITIVE_INFINITY
    const done = () => {
      const record = this.#records.get(orderNo)
      if (!record) return options.attempts === undefined
      return record.made >= enough || record.notifications.every(isOver)
    }
    await this.#waiters.until(done, options.signal)
    return this.deliveries(orderNo)
  }

  clear(): void {
    for (const { notifications } of this.#records.values()) {
      for (const notification of notifications) {
        notification.cancel()
        notification.copies = 0
        if (notification.state === 'waiting') notification.state = 'cancelled'
      }
    }
    this.#waiters.check()
    this.#records.clear()
  }

  async stop(): Promise<void> {
    this.#waiters.fail('the simulator stopped')
    await this.#agent.destroy()
  }

  #recordOf({ outTradeNo }: Order): CallbackRecord {
    const record = this.#records.get(outTradeNo) ?? { notifications: [], deliveries: [], made: 0 }
    this.#records.set(outTradeNo, record)
    return record
  }

  #add(order: Order, facts: Pick<NotificationFacts, 'payment' | 'state'>): Notification {
    const record = this.#recordOf(order)
    const fresh = notificationOf({ order, record, nth: record.notifications.length, ...facts })
    record.notifications.push(fresh)
    return fresh
  }

  /** Makes an attempt of the schedule, and sets the timer of the next one. */
  async #try(notification: Notification): Promise<void> {
    if (this.#isLost(notification)) {
      notification.attempts += 1
      notification.state = 'lost'
      const attempt = { number: notification.attempts, copy: false, faults: [] }
      this.#record(notification, attempt, { outcome: 'lost' })
      return this.#waiters.check()
    }
    await this.#attempt(notification)
    notification.tries += 1
    if (notification.state !== 'waiting' || this.#world.stopping.aborted) return
    const seconds = retrySeconds[notification.tries - 1]
    if (seconds === undefined) {
      notification.state = 'gave_up'
      return this.#waiters.check()
    }
    const { clock, timeScale } = this.#world
    const next = clock.now() + (seconds * 1000) / timeScale
    notification.cancel = clock.at(next, () => this.#try(notification))
  }

  async #attempt(notification: Notification): Promise<Delivery> {
    const { order } = notification
    notification.attempts += 1
    const faults = this.#world.rules.draw('notify', order.outTradeNo)
    const attempt = { number: notification.attempts, copy: false, faults }
    const delivery = this.#isDropped(order, attempt)
      ? this.#record(notification, attempt, { outcome: 'dropped' })
      : await this.#post(notification, attempt)
    if (delivery.outcome === 'accepted') {
      this.#duplicate(notification, attempt)
      notification.state = 'accepted'
      notification.cancel()
    }
    this.#waiters.check()
    return delivery
  }

  #isLost({ order, nth }: Notification): boolean {
    const { switches, chance } = this.#world
    if (order.losesCallbacks || switches.lose_callbacks) return true
    return chance.fraction('loss', order.outTradeNo, nth) < switches.callback_loss_probability
  }

  #isDropped(order: Order, attempt: Attempt): boolean {
    if (faultOf(attempt.faults, 'drop')) return true
    const draw = this.#world.chance.fraction('drop', order.outTradeNo, attempt.number)
    return draw < this.#world.switches.callback_drop_probability
  }

  /** WeChat Pay sometimes sends a callback again that was accepted. */
  #duplicate(notification: Notification, attempt: Attempt): void {
    const { clock, chance, switches, timeScale } = this.#world
    const fault = faultOf(attempt.faults, 'duplicate')
    const draw = chance.fraction('duplicate', notification.order.outTradeNo, notification.nth)
    const byChance = draw < switches.callback_duplicate_probability ? 1 : 0
    const copies = fault ? (fault.copies ?? 1) : byChance
    const gapMs = fault?.gap_ms ?? 1_000 / timeScale
    notification.copies += copies
    for (let copy = 1; copy <= copies; copy += 1) {
      clock.at(clock.now() + gapMs * copy, () => this.#copy(notification, attempt.number))
    }
  }

  async #copy(notification: Notification, number: number): Promise<void> {
    await this.#post(notification, { number, copy: true, faults: [] })
    notification.copies = Math.max(0, notification.copies - 1)
    this.#waiters.check()
  }

  async #post(notification: Notification, attempt: Attempt): Promise<Delivery> {
    const started = performance.now()
    const callback = await callbackOf(this.#world, { ...notification, ...attempt })
    const result = await postCallback(callback, {
      url: notification.order.notifyUrl ?? '',
      timeoutMs: this.#world.switches.callback_timeout_ms,
      stopping: this.#world.stopping,
      agent: this.#agent,
    })
    const durationMs = Math.round(performance.now() - started)
    return this.#record(notification, attempt, { ...result, callback, durationMs })
  }

  #record(notification: Notification, attempt: Attempt, result: Result): Delivery {
    const { order, payment, record } = notification
    const delivery: Delivery = {
      out_trade_no: order.outTradeNo,
      transaction_id: payment.transactionId,
      notification_id: result.callback?.id ?? null,
      attempt: attempt.number,
      copy: attempt.copy,
      at: beijingTime(this.#world.clock.now()),
      outcome: result.outcome,
      status: result.status ?? null,
      wechatpay_serial: result.callback?.serial ?? null,
      faults: attempt.faults.map((fault) => fault.kind),
      duration_ms: result.durationMs ?? 0,
    }
    record.deliveries.push(delivery)
    if (record.deliveries.length > deliveriesMax) record.deliveries.shift()
    record.made += 1
    return delivery
  }
}

type NotificationFacts = Pick<Notification, 'order' | 'payment' | 'record' | 'nth'> &
  Partial<Pick<Notification, 'notice' | 'state'>>

function notificationOf(facts: NotificationFacts): Notification {
  return { state: 'waiting', attempts: 0, tries: 0, copies: 0, cancel: () => {}, ...facts }
}

function isOver(notification: Notification): boolean {
  return notification.state !== 'waiting' && notification.copies === 0
}
