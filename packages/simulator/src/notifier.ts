import { Agent } from 'undici'
import { type Callback, callbackOf, postCallback } from './callback.ts'
import { beijingTime, type Cancel } from './clock.ts'
import {
  type CallbackState,
  type Delivery,
  type DeliveryOutcome,
  retrySeconds,
} from './delivery.ts'
import { type Fault, faultOf } from './fault.ts'
import type { Notice } from './notice.ts'
import type { Order, Payment } from './order.ts'
import { Waiters } from './waiters.ts'
import type { World } from './world.ts'

/** Deliveries remembered for one order: the schedule some times over. */
const deliveriesMax = 200

interface Notification {
  readonly order: Order
  readonly payment: Payment
  readonly told: Told
  /** What is told instead of the payment's success. */
  readonly notice?: Notice
  /** Which of the order's notifications it is; 0 for the first. */
  readonly nth: number
  state: CallbackState
  attempts: number
  /** Those of the attempts that the schedule made. */
  tries: number
  /** Copies that are still to be sent. */
  copies: number
  cancel: Cancel
}

interface Told {
  readonly notifications: Notification[]
  readonly deliveries: Delivery[]
  /** Deliveries made, forgotten ones included. */
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

/** Everything that one running simulator knows. */
export interface NotifyingWorld extends World {
  readonly notifier: Notifier
}

/** Tells the merchant of payments. */
export class Notifier {
  readonly #world: Omit<World, 'notifier'>
  // Keep-alive would let an idle connection that the merchant just closed fail an attempt.
  readonly #agent = new Agent({ pipelining: 0 })
  readonly #told = new Map<string, Told>()
  readonly #waiters = new Waiters()

  constructor(world: Omit<World, 'notifier'>) {
    this.#world = world
  }

  /** Begins to tell of a payment, after the delay of the switches unless one is given. */
  announce(order: Order, payment: Payment, delayMs?: number): void {
    if (order.notifyUrl === null) return
    const { clock, chance, switches } = this.#world
    const notification = this.#add(order, payment)
    const overtaking = chance.fraction('reorder', order.outTradeNo, notification.nth)
    const wait = delayMs ?? switches.callback_delay_ms + overtaking * switches.callback_reorder_ms
    notification.cancel = clock.at(clock.now() + wait, () => this.#try(notification))
  }

  /** Sends the newest payment's callback now, even if it was lost or had been accepted. */
  async redeliver(order: Order, payment: Payment): Promise<Delivery> {
    const known = this.#told.get(order.outTradeNo)?.notifications.at(-1)
    const notification = known?.payment === payment ? known : this.#add(order, payment, 'gave_up')
    return this.#attempt(notification)
  }

  /** Sends something else than a payment's success, once. */
  tell(order: Order, { payment, notice }: { payment: Payment; notice: Notice }): Promise<Delivery> {
    const told = this.#toldOf(order)
    const notification: Notification = {
      ...{ order, payment, told, notice, nth: told.made },
      ...{ state: 'gave_up', attempts: 0, tries: 0, copies: 0, cancel: () => {} },
    }
    return this.#attempt(notification)
  }

  state(orderNo: string): CallbackState | 'none' {
    return this.#told.get(orderNo)?.notifications.at(-1)?.state ?? 'none'
  }

  deliveries(orderNo: string): readonly Delivery[] {
    return this.#told.get(orderNo)?.deliveries ?? []
  }

  /** Resolves when no more is to come for the order, or that many deliveries were made. */
  async wait(
    orderNo: string,
    options: { readonly attempts?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Delivery[]> {
    const enough = options.attempts ?? Number.POSITIVE_INFINITY
    const done = () => {
      const told = this.#told.get(orderNo)
      if (!told) return options.attempts === undefined
      return told.made >= enough || told.notifications.every(isOver)
    }
    await this.#waiters.until(done, options.signal)
    return this.deliveries(orderNo)
  }

  clear(): void {
    for (const { notifications } of this.#told.values()) {
      for (const notification of notifications) {
        notification.cancel()
        notification.copies = 0
        if (notification.state === 'waiting') notification.state = 'cancelled'
      }
    }
    this.#waiters.check()
    this.#told.clear()
  }

  async stop(): Promise<void> {
    this.#waiters.fail('the simulator stopped')
    await this.#agent.destroy()
  }

  #toldOf({ outTradeNo }: Order): Told {
    const told = this.#told.get(outTradeNo) ?? { notifications: [], deliveries: [], made: 0 }
    this.#told.set(outTradeNo, told)
    return told
  }

  #add(order: Order, payment: Payment, state: CallbackState = 'waiting'): Notification {
    const told = this.#toldOf(order)
    const nth = told.notifications.length
    const fresh = {
      order,
      payment,
      told,
      nth,
      state,
      attempts: 0,
      tries: 0,
      copies: 0,
      cancel: () => {},
    }
    told.notifications.push(fresh)
    return fresh
  }

  /** An attempt of the schedule, and what follows from it. */
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

  /** WeChat Pay sometimes tells again although it was answered well. */
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
    const { order, payment, told } = notification
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
    told.deliveries.push(delivery)
    if (told.deliveries.length > deliveriesMax) told.deliveries.shift()
    told.made += 1
    return delivery
  }
}

function isOver(notification: Notification): boolean {
  return notification.state !== 'waiting' && notification.copies === 0
}
