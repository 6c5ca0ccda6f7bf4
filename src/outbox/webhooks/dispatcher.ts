import type { WebhookConfig } from '../../config/webhooks/webhook-config.ts'
import type { Emit } from '../../domain/event.ts'
import type { Store } from '../../store/store.ts'
import { minuteMs } from '../../text/time-units.ts'
import { Channel, type ChannelParts } from './channel.ts'

/** Many times within the hour after which an endpoint that no node has gets nothing new. */
const configureMs = 5 * minuteMs

/** Then a stop goes on, and what was not answered is sent again. */
const graceMs = 5_000

export interface DispatcherParts extends Omit<ChannelParts, 'onStore'> {
  readonly store: ChannelParts['store'] & Pick<Store, 'configureWebhooks'>
  readonly endpoints: readonly WebhookConfig[]
}

/**
 * Delivers events to the endpoints of this process. Each node has one, and they share the deliveries.
 *
 *   stopped ⇄ running    between start() and stop()
 */
export class Dispatcher {
  readonly #parts: DispatcherParts
  #channels: readonly Channel[] = []
  #timer: NodeJS.Timeout | null = null
  #awaySince: number | null = null

  constructor(parts: DispatcherParts) {
    this.#parts = parts
  }

  start(): void {
    if (this.#timer !== null) return
    this.#timer = setInterval(() => void this.#configure(), configureMs).unref()
    void this.#configure()
    const { endpoints, ...parts } = this.#parts
    const onStore = (error: unknown) => this.#note(error)
    this.#channels = endpoints.map((endpoint) => new Channel(endpoint, { ...parts, onStore }))
    for (const channel of this.#channels) channel.start()
  }

  /** Events may have got positions. */
  wake(): void {
    for (const channel of this.#channels) channel.wake()
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    const channels = this.#channels
    this.#channels = []
    await Promise.all(channels.map((channel) => channel.stop(graceMs)))
  }

  async #configure(): Promise<void> {
    const { store, endpoints } = this.#parts
    await store.configureWebhooks(endpoints).catch((error: unknown) => this.#note(error))
  }

  /** One line for an outage of the database, whatever meets it. */
  #note(error: unknown): void {
    const emit: Emit = this.#parts.emit
    if (error !== null) {
      if (this.#awaySince === null) emit({ type: 'delivering_failed', error })
      this.#awaySince ??= performance.now()
    } else if (this.#awaySince !== null) {
      const awayMs = performance.now() - this.#awaySince
      this.#awaySince = null
      emit({ type: 'delivering_resumed', awayMs })
    }
  }
}
