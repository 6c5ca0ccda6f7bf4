import type { WebhookConfig } from '../../config/webhooks/webhook-config.ts'
import type { Emit } from '../../domain/event.ts'
import type { PublishedEvent } from '../../domain/published-event.ts'
import type { Store } from '../../store/store.ts'
import type { ClaimedDelivery } from '../../store/webhooks/webhook-store.ts'
import { bodyOf } from './body.ts'
import { Recorder } from './recorder.ts'
import { Sender, type SenderLimits, senderLimits } from './sender.ts'

/** A receiver that takes 50 ms takes 160 a second, from each process. */
const widthMax = 8

/** For retries, and for what other nodes made. */
const lookMs = 1_000

/** Longer than an attempt takes, with the wait for the database behind it. */
const claimLeaseMs = 60_000

export interface ChannelParts {
  readonly store: Pick<Store, 'claimDeliveries' | 'recordAttempts'>
  readonly emit: Emit
  readonly present: (event: ClaimedDelivery['event']) => PublishedEvent
  readonly limits?: SenderLimits
  /** How long a claim holds; tests shorten it. */
  readonly leaseMs?: number
  /** Called with each error of the database, and with null after each success. */
  readonly onStore: (error: unknown) => void
}

/**
 * Sends to one endpoint: a few deliveries at a time, each by a claim. It has its own connections and its own
 * place in the database, so that an endpoint that hangs holds up no other. After a success it sends one more
 * at a time, after a failure half as many.
 */
export class Channel {
  readonly #parts: ChannelParts
  readonly #endpoint: WebhookConfig
  readonly #sender: Sender
  readonly #recorder: Recorder
  readonly #sending = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  #width = 1
  /** Claimed, and not written yet. */
  #held = 0
  #isStopping = false
  #isHinted = false
  #wakeUp = () => {}
  #loop: Promise<void> | null = null

  constructor(endpoint: WebhookConfig, parts: ChannelParts) {
    this.#parts = parts
    this.#endpoint = endpoint
    this.#sender = new Sender(endpoint, parts.limits ?? senderLimits)
    this.#recorder = new Recorder({
      ...{ store: parts.store, emit: parts.emit, endpoint: endpoint.name },
      onWritten: (count) => {
        this.#held -= count
        this.wake()
      },
    })
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** There may be something to send. */
  wake(): void {
    this.#isHinted = true
    this.#wakeUp()
  }

  /** Lets attempts end until `graceMs` have passed. What is cut off then is sent again after its lease. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    this.wake()
    await this.#loop
    const timer = setTimeout(() => this.#abort.abort(), graceMs)
    await Promise.all(this.#sending)
    clearTimeout(timer)
    await this.#recorder.end()
    this.#sender.close()
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      this.#isHinted = false
      const claimed = await this.#claim()
      for (const each of claimed) this.#send(each)
      // A full claim: there may be more, but not for as long as all places are taken.
      if (this.#isHinted || (claimed.length > 0 && this.#held < this.#width)) continue
      await this.#pause()
    }
  }

  async #claim(): Promise<readonly ClaimedDelivery[]> {
    const limit = this.#width - this.#held
    if (limit <= 0) return []
    const { store, onStore, leaseMs = claimLeaseMs } = this.#parts
    try {
      const { claimed } = await store.claimDeliveries({
        ...{ endpoint: this.#endpoint.name, limit, leaseMs },
      })
      onStore(null)
      this.#held += claimed.length
      return claimed
    } catch (error) {
      onStore(error)
      this.#isHinted = false
      return []
    }
  }

  #send(delivery: ClaimedDelivery): void {
    const sending = this.#attempt(delivery).finally(() => this.#sending.delete(sending))
    this.#sending.add(sending)
  }

  async #attempt({ event, ...claimed }: ClaimedDelivery): Promise<void> {
    const { present, emit } = this.#parts
    const { signal } = this.#abort
    const made = await this.#sender.send({ id: event.id, body: bodyOf(present(event)) }, { signal })
    if (signal.aborted && made.outcome !== 'delivered') return
    const isGood = made.outcome === 'delivered'
    this.#width = isGood ? Math.min(widthMax, this.#width + 1) : Math.ceil(this.#width / 2)
    const { name: endpoint } = this.#endpoint
    const { outcome, durationMs } = made
    emit({ type: 'delivery_attempted', endpoint, outcome, durationMs })
    this.#recorder.add({ ...claimed, ...made })
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, lookMs)
      this.#wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
