import type { RawCallback } from '../../src/gateway/gateway.ts'
import { hourMs, minuteMs, secondMs } from '../../src/text/time-units.ts'
import type { Cluster } from './cluster.ts'
import type { World } from './world.ts'

/** As WeChat Pay sends one again. */
const gapsMs = [
  ...[15 * secondMs, 15 * secondMs, 30 * secondMs, 3 * minuteMs, 10 * minuteMs, 20 * minuteMs],
  ...[30 * minuteMs, 30 * minuteMs, 30 * minuteMs, hourMs, 3 * hourMs, 3 * hourMs, 3 * hourMs],
]

/** Once nothing is lost any more. */
const healedGapMs = 5 * minuteMs

export interface Sending {
  readonly callback: RawCallback
  /** Of a payment that may be of no order here: it need not be accepted, but be seen at this time or later. */
  readonly seenFrom: number | null
}

interface Notification extends Sending {
  tries: number
  isDone: boolean
}

/** Sends callbacks until they are accepted: late, twice, and in any order. */
export class Notifier {
  readonly #world: World
  readonly #cluster: Cluster
  readonly #notifications: Notification[] = []

  constructor(world: World, cluster: Cluster) {
    this.#world = world
    this.#cluster = cluster
  }

  get isDone(): boolean {
    return this.#notifications.every(({ isDone }) => isDone)
  }

  send(sending: Sending): void {
    const notification = { ...sending, tries: 0, isDone: false }
    this.#notifications.push(notification)
    this.#later(this.#world.latencyMs(), notification)
  }

  /** Whatever was lost, or not sent for long, is sent again. */
  heal(): void {
    for (const each of this.#notifications) if (!each.isDone) this.#later(0, each)
  }

  #later(ms: number, notification: Notification): void {
    this.#world.after(ms, 'callback', () => this.#deliver(notification))
  }

  #deliver(notification: Notification): void {
    if (notification.isDone) return
    const { hasFaults } = this.#world
    const gapMs = hasFaults ? gapsMs[notification.tries] : healedGapMs
    notification.tries += 1
    if (gapMs !== undefined) this.#later(gapMs, notification)
    const node = this.#cluster.anyLive
    if (node === undefined || this.#world.occurs('callbackLost')) return
    this.#world.touch()
    this.#world.figures.count('callbacks')
    this.#cluster.runOn(node, 'receive a callback', async () => {
      const receipt = await node.receive(notification.callback)
      if (this.#world.occurs('receiptLost')) return
      const { seenFrom } = notification
      const isSeen = seenFrom !== null && this.#world.loop.now >= seenFrom
      if (receipt.kind !== 'rejected' || isSeen) notification.isDone = true
    })
  }
}
