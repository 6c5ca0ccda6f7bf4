import { setTimeout as delay } from 'node:timers/promises'
import type { WebhookConfig } from '../../config/webhooks/webhook-config.ts'
import type { Emit } from '../../domain/event.ts'
import type { MerchantIdentity } from '../../domain/merchant.ts'
import type { Store } from '../../store/store.ts'
import type { ClaimedDelivery } from '../../store/webhooks/webhook-store.ts'
import { bodyOf } from './body.ts'
import { type SenderLimits, senderLimits } from './connection.ts'
import { Pace } from './pace.ts'
import { Recorder } from './recorder.ts'
import { Sender } from './sender.ts'

/** For retries, and for what other nodes made. */
const lookMs = 1_000

/** The wait between two claims. Deliveries that become due during it are claimed together. */
const restMs = 20

/** With more results than this in memory, nothing is claimed: the database does not take them. */
const unwrittenMax = 2_000

/** Longer than an attempt takes, with the wait for the database behind it. */
const claimLeaseMs = 60_000

export interface ChannelParts {
  readonly store: Pick<Store, 'claimDeliveries' | 'releaseDeliveries' | 'recordAttempts'>
  readonly emit: Emit
  /** The name of a merchant in the configuration. */
  readonly nameOf: (merchant: MerchantIdentity) => string
  readonly limits?: SenderLimits
  /** Opens what sends; a `Sender` by default. The simulator has its own. */
  readonly openSender?: (endpoint: WebhookConfig) => Pick<Sender, 'send' | 'close'>
  /** How long a claim holds; tests shorten it. */
  readonly leaseMs?: number
  /** Called with each error of the database, and with null after each success. */
  readonly onStore: (error: unknown) => void
}

/** Claimed, and not sent yet. */
interface Waiting {
  readonly delivery: ClaimedDelivery
  /** When it was claimed, by this process. */
  readonly since: number
}

/**
 * Sends to one endpoint: a few deliveries at a time, each by a claim. It has its own connections and its own
 * place in the database, so that an endpoint that hangs holds up no other. Where the endpoint is fast, it
 * claims more than it sends at once. After a failure it releases those claims, and the next claim says
 * whether nothing may be sent to the endpoint for a while.
 */
export class Channel {
  readonly #parts: ChannelParts
  readonly #endpoint: WebhookConfig
  readonly #sender: Pick<Sender, 'send' | 'close'>
  readonly #recorder: Recorder
  readonly #pace = new Pace()
  readonly #sending = new Set<Promise<void>>()
  #waiting: Waiting[] = []
  /** Attempts that were made, and whose results are not written yet. */
  #unwritten = 0
  /** Nothing is claimed until the failure is written: only then does a claim see that the endpoint is held. */
  #hasFailed = false
  #isStopping = false
  #isCutOff = false
  #isHinted = false
  #wakeUp = () => {}
  #loop: Promise<void> | null = null

  constructor(endpoint: WebhookConfig, parts: ChannelParts) {
    this.#parts = parts
    this.#endpoint = endpoint
    const { limits = senderLimits, openSender = (given) => new Sender(given, limits) } = parts
    this.#sender = openSender(endpoint)
    this.#recorder = new Recorder({
      ...{ store: parts.store, emit: parts.emit, endpoint: endpoint.name },
      onWritten: (count) => {
        this.#unwritten -= count
        if (this.#unwritten === 0) this.#hasFailed = false
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
    await this.#release()
    const timer = setTimeout(() => this.#cutOff(), graceMs)
    await Promise.all(this.#sending)
    clearTimeout(timer)
    await this.#recorder.end()
    this.#sender.close()
  }

  #cutOff(): void {
    this.#isCutOff = true
    this.#sender.close()
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      this.#isHinted = false
      await this.#claim()
      this.#sendNext()
      await delay(restMs)
      if (!this.#isHinted) await this.#pause()
    }
  }

  /** How many to claim now. Few large claims instead of many small ones. */
  get #room(): number {
    if (this.#hasFailed || this.#unwritten > unwrittenMax) return 0
    const { ahead } = this.#pace
    const room = ahead - this.#waiting.length - this.#sending.size
    return room < ahead / 2 ? 0 : room
  }

  async #claim(): Promise<void> {
    const limit = this.#room
    if (limit === 0) return
    const { store, onStore, leaseMs = claimLeaseMs } = this.#parts
    try {
      const { claimed } = await store.claimDeliveries({
        ...{ endpoint: this.#endpoint.name, limit, leaseMs },
      })
      onStore(null)
      const since = performance.now()
      this.#waiting.push(...claimed.map((delivery) => ({ delivery, since })))
    } catch (error) {
      onStore(error)
      this.#isHinted = false
    }
  }

  #sendNext(): void {
    while (this.#sending.size < this.#pace.width && !this.#isStopping) {
      const [next] = this.#waiting
      if (next === undefined) return
      if (this.#isLate(next)) return void this.#release()
      this.#waiting.shift()
      this.#send(next.delivery)
    }
  }

  /** An attempt that began now might outlast its claim, and be made by another node at the same time. */
  #isLate({ since }: Waiting): boolean {
    const { leaseMs = claimLeaseMs } = this.#parts
    return performance.now() - since > leaseMs / 2
  }

  #send(delivery: ClaimedDelivery): void {
    const sending = this.#attempt(delivery).finally(() => {
      this.#sending.delete(sending)
      this.#sendNext()
      if (this.#room > 0) this.wake()
    })
    this.#sending.add(sending)
  }

  async #attempt({ event, id, attempt, claimedAt }: ClaimedDelivery): Promise<void> {
    const { nameOf, emit } = this.#parts
    const made = await this.#sender.send({ id: event.id, body: bodyOf(event, nameOf(event)) })
    if (this.#isCutOff && made.outcome !== 'delivered') return
    this.#pace.note(made)
    const { name: endpoint } = this.#endpoint
    const { outcome, durationMs } = made
    emit({ type: 'delivery_attempted', endpoint, outcome, durationMs })
    this.#unwritten += 1
    if (outcome !== 'delivered') {
      this.#hasFailed = true
      void this.#release()
    }
    this.#recorder.add({ ...made, id, attempt, claimedAt })
  }

  /** Releases the claims that were not sent. If that fails, they are sent after their lease. */
  async #release(): Promise<void> {
    const claims = this.#waiting.map(({ delivery: { id, attempt } }) => ({ id, attempt }))
    if (claims.length === 0) return
    this.#waiting = []
    const { store, onStore } = this.#parts
    await store.releaseDeliveries(claims).catch(onStore)
    this.wake()
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
