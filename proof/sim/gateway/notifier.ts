import type { RawCallback } from '../../../src/gateway/gateway.ts'
import type { Receipt } from '../../../src/orders/callback.ts'
import type { Loop } from '../clock/loop.ts'
import type { Random } from '../clock/random.ts'
import type { Figures } from '../figures.ts'
import type { SimMerchant } from '../merchants/merchant.ts'
import type { FaultSchedule } from '../plan/fault-schedule.ts'
import {
  type GatewayOrder,
  type GatewayTrade,
  recordSentTrade,
  tradeBody,
} from './gateway-order.ts'
import { type Notification, rawCallback } from './notification.ts'

export interface NotifierParts {
  readonly merchant: SimMerchant
  /** Of all merchants. */
  readonly names: readonly string[]
  readonly loop: Loop
  readonly random: Random
  readonly faults: FaultSchedule
  readonly figures: Figures
  readonly callbacksHeal: boolean
  /** Sends it to a live node, and calls `answered` if an answer arrives. */
  readonly deliver: Deliver
  readonly onAcknowledged: (notification: Notification) => void
  /** A callback was settled at the path of a merchant that it is not for. */
  readonly onMisdirected: (notification: Notification) => void
}

/** `path`: the name of a merchant. */
export type Deliver = (
  sent: { readonly callback: RawCallback; readonly path: string },
  answered: (receipt: Receipt) => void,
) => void

const minuteMs = 60_000

/** The waits after each attempt without acknowledgement, from WeChat Pay's documentation. */
const waitsMs = [
  15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600,
].map((seconds) => seconds * 1000)

interface Delivery {
  readonly notification: Notification
  readonly gatewayOrder: GatewayOrder
  readonly said: GatewayTrade
  attempts: number
  acknowledged: boolean
}

/** Sends the callbacks of one merchant's payments until they are acknowledged, and forged callbacks. */
export class Notifier {
  readonly deliveries: Delivery[] = []
  readonly #parts: NotifierParts
  #forgedCount = 0

  constructor(parts: NotifierParts) {
    this.#parts = parts
  }

  /** Sends the callback of the payment just made. */
  notify(gatewayOrder: GatewayOrder): void {
    const { trade } = gatewayOrder
    if (trade === null) return
    const { random, merchant } = this.#parts
    const id = `EV-${merchant.place}-${this.deliveries.length + 1}`
    const notification = {
      id,
      type: 'TRANSACTION.SUCCESS',
      trade: tradeBody(trade, gatewayOrder.plan),
    }
    // The callback carries the trade as it is now, even if it arrives later.
    const said = { ...trade }
    const delivery = { notification, gatewayOrder, said, attempts: 0, acknowledged: false }
    this.deliveries.push(delivery)
    this.#schedule(random.skewed(10, 20_000), 'callback due', () => this.#attempt(delivery))
    if (this.#parts.faults.occurs('replayedCallback')) {
      const afterMs = random.skewed(minuteMs, 90 * minuteMs)
      this.#schedule(afterMs, 'callback replayed', () => this.#send(delivery))
    }
  }

  /** Sends a callback with a forged signature, or a genuine one that is not about a payment. */
  forge(gatewayOrder: GatewayOrder): void {
    const { ordered, orderNo } = gatewayOrder
    const { random, figures, deliver, merchant } = this.#parts
    this.#forgedCount += 1
    figures.count('fault:callbackForged')
    const trade = {
      mchid: merchant.mchid,
      appid: ordered.appid,
      out_trade_no: random.chance(0.1) ? 'RECH00000000000000NOTOURS000' : orderNo,
      trade_state: 'SUCCESS',
      transaction_id: `777${merchant.place}${String(this.#forgedCount).padStart(24, '0')}`,
      amount: { total: ordered.amount, currency: ordered.currency },
    }
    const id = `FORGED-${merchant.place}-${this.#forgedCount}`
    const type = 'TRANSACTION.SUCCESS'
    const { keyId, name: path } = merchant
    const genuine = { verdict: 'genuine', keyId } as const
    const callback = random.pick([
      rawCallback({ id, type, trade }, { verdict: 'forged', keyId }),
      rawCallback({ id, type: 'REFUND.SUCCESS', trade }, genuine),
      rawCallback({ id, type, trade: { ...trade, trade_state: 'NOTPAY' } }, genuine),
    ])
    deliver({ callback, path }, (receipt) => {
      if (receipt.kind === 'settled') this.#parts.onAcknowledged({ id, type, trade })
    })
  }

  /** After the faults have stopped: soon sends each callback that has no acknowledgement. */
  heal(): void {
    if (!this.#parts.callbacksHeal) return
    for (const delivery of this.deliveries) {
      // No path led to a merchant that was in no configuration.
      delivery.attempts = 0
      const fire = () => this.#attempt(delivery)
      this.#schedule(this.#parts.random.between(0, minuteMs), 'callback due', fire)
    }
  }

  #attempt(delivery: Delivery): void {
    if (delivery.acknowledged || delivery.attempts >= waitsMs.length) return
    delivery.attempts += 1
    this.#send(delivery)
    this.#maybeMisdirect(delivery)
    const { faults, callbacksHeal } = this.#parts
    if (faults.stopped && !callbacksHeal) return
    const waitMs = faults.stopped ? minuteMs : (waitsMs[delivery.attempts - 1] ?? minuteMs)
    this.#schedule(waitMs, 'callback due', () => this.#attempt(delivery))
  }

  #send(delivery: Delivery): void {
    const { faults, deliver, figures, onAcknowledged, random, loop, merchant } = this.#parts
    if (faults.losesCallback()) return
    recordSentTrade(delivery.gatewayOrder, { at: loop.now, trade: delivery.said })
    const { keyId, name: path } = merchant
    const callback = rawCallback(delivery.notification, { verdict: 'genuine', keyId })
    const answered = (receipt: Receipt) => {
      if (receipt.kind === 'rejected') return
      delivery.acknowledged = true
      onAcknowledged(delivery.notification)
    }
    figures.count('callbacks')
    deliver({ callback, path }, answered)
    if (!faults.occurs('duplicateCallback')) return
    this.#schedule(random.skewed(0, 5000), 'callback again', () =>
      deliver({ callback, path }, answered),
    )
  }

  /** A proxy, or a `notify_url` that was copied, may send it to another merchant's path. */
  #maybeMisdirect({ notification, said }: Delivery): void {
    const { faults, deliver, random, merchant, names, onMisdirected } = this.#parts
    const [first, ...others] = names.filter((name) => name !== merchant.name)
    // A trade that says it is another merchant's would be right there.
    if (first === undefined || said.mchid !== merchant.mchid) return
    if (!faults.occurs('misdirectedCallback')) return
    const callback = rawCallback(notification, { verdict: 'genuine', keyId: merchant.keyId })
    const path = random.pick([first, ...others])
    deliver({ callback, path }, (receipt) => {
      if (receipt.kind !== 'rejected') onMisdirected(notification)
    })
  }

  #schedule(ms: number, label: string, fire: () => void): void {
    this.#parts.loop.after(ms, { owner: null, label, fire })
  }
}
