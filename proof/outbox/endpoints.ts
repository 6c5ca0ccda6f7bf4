import { Webhook } from 'standardwebhooks'
import type { WebhookConfig } from '../../src/config/webhooks/webhook-config.ts'
import type { Attempt } from '../../src/domain/webhooks/delivery.ts'
import { answeredAttempt, TooLate, unansweredAttempt } from '../../src/outbox/webhooks/attempt.ts'
import type { Message, Sender } from '../../src/outbox/webhooks/sender.ts'
import { signatureHeaders } from '../../src/outbox/webhooks/signature.ts'
import { secondMs } from '../../src/text/time-units.ts'
import type { Owner } from '../sim/clock/loop.ts'
import type { DatabaseServer } from './database.ts'
import { type EndpointPlan, type Manner, manners } from './scenario.ts'
import type { World } from './world.ts'

/** As the real sender's. */
const wholeMs = 15 * secondMs

/** What becomes of a request at its receiver. `silent`: nothing comes back. */
type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'silent' }

/** One of the merchant's own servers, which stores each event under its id. */
export class Receiver {
  readonly plan: EndpointPlan
  readonly config: WebhookConfig
  readonly #world: World
  readonly #verifier: Webhook
  /** Bodies by the ids of events. */
  readonly stored = new Map<string, string>()
  /** The last position before it was configured; null: no node has it yet. */
  configuredFrom: bigint | null = null

  constructor(world: World, plan: EndpointPlan) {
    this.#world = world
    this.plan = plan
    const [first, second] = [secretOf(world), secretOf(world)]
    const { name, types, isInRotation } = plan
    const secrets = isInRotation ? [first, second] : [first]
    this.config = { name, types, url: `https://${name}.example.com/hooks`, secrets }
    this.#verifier = new Webhook(isInRotation && world.random.chance(0.5) ? second : first)
  }

  /** What a receiver adds up that credits an order once for each id. */
  get credited(): bigint {
    const paid = [...this.stored.values()]
      .map((body) => JSON.parse(body) as { type: string; data: { amount: number } })
      .filter(({ type }) => type === 'order.paid')
    return paid.reduce((sum, { data }) => sum + BigInt(data.amount), 0n)
  }

  take(headers: Record<string, string>, body: string): Outcome {
    const { figures } = this.#world
    figures.count('attempts that arrived')
    if (this.#world.isWithin(this.plan.away)) return { kind: 'failed', code: 'ECONNREFUSED' }
    if (this.#world.isWithin(this.plan.hangs)) return { kind: 'silent' }
    const manner = this.#draw()
    if (manner !== null) figures.count(`endpoint:${manner}`)
    switch (manner) {
      case 'error_before':
        return { kind: 'answered', status: 500 }
      case 'gone':
        return { kind: 'answered', status: 410 }
      case 'throttled':
        return { kind: 'answered', status: 429, retryAfter: '30' }
      case 'garbage':
        return { kind: 'failed', code: 'HPE_INVALID_CONSTANT' }
      case 'error_after':
        this.#store(headers, body)
        return { kind: 'answered', status: 500 }
      case 'silent':
        this.#store(headers, body)
        return { kind: 'silent' }
      case 'cut':
        this.#store(headers, body)
        return { kind: 'failed', code: 'ECONNRESET' }
      case null:
        this.#store(headers, body)
        return { kind: 'answered', status: 204 }
    }
  }

  #draw(): Manner | null {
    if (!this.#world.hasFaults) return null
    return manners.find((each) => this.#world.random.chance(this.plan.rates[each])) ?? null
  }

  #store(headers: Record<string, string>, body: string): void {
    const { figures, verdict } = this.#world
    try {
      this.#verifier.verify(body, headers)
    } catch (error) {
      verdict.fail('each request is signed', `${this.plan.name}: ${String(error)}`)
      return
    }
    const id = headers['webhook-id'] ?? ''
    const before = this.stored.get(id)
    const kept = JSON.stringify(JSON.parse(body))
    figures.count(before === undefined ? 'deliveries' : 'repeated deliveries')
    if (before !== undefined && before !== kept) {
      verdict.fail('one id, one body', `${this.plan.name} got two bodies of ${id}`)
    }
    this.stored.set(id, kept)
  }
}

function secretOf({ random }: World): string {
  const bytes = Buffer.from(Array.from({ length: 32 }, () => random.whole(0, 255)))
  return `whsec_${bytes.toString('base64')}`
}

/** All receivers, and how processes reach them. */
export class Endpoints {
  readonly receivers: readonly Receiver[]
  readonly #world: World
  readonly #database: DatabaseServer

  constructor(world: World, database: DatabaseServer) {
    this.#world = world
    this.#database = database
    this.receivers = world.scenario.endpoints.map((plan) => new Receiver(world, plan))
  }

  /** What a process that starts now finds in its configuration. */
  configured(): readonly WebhookConfig[] {
    const ms = this.#world.loop.now - this.#world.loop.startedAt
    return this.receivers.filter(({ plan }) => plan.addedAtMs <= ms).map(({ config }) => config)
  }

  /** A process has started with them: from now on they get what happens. */
  async noteConfigured(endpoints: readonly WebhookConfig[]): Promise<void> {
    const [head] = await this.#database.rows<{ last: bigint }>('select last from published_head')
    for (const receiver of this.receivers) {
      if (endpoints.includes(receiver.config)) receiver.configuredFrom ??= head?.last ?? 0n
    }
  }

  senderOf(owner: Owner, endpoint: WebhookConfig): Pick<Sender, 'send' | 'close'> {
    const receiver = this.receivers.find(({ config }) => config === endpoint)
    if (receiver === undefined) throw new Error(`No receiver is called ${endpoint.name}`)
    const cuts = new Set<() => void>()
    return {
      send: (message) => this.#send(owner, receiver, { ...message, cuts }),
      close: () => {
        for (const cut of cuts) cut()
      },
    }
  }

  #send(
    owner: Owner,
    receiver: Receiver,
    { id, body, cuts }: Message & { readonly cuts: Set<() => void> },
  ): Promise<Attempt> {
    const { loop } = this.#world
    const startedAt = loop.now
    const { secrets, name } = receiver.config
    const headers = signatureHeaders({ id, at: new Date(), body, secrets })
    return new Promise((resolve) => {
      const end = (attempt: (durationMs: number) => Attempt) => {
        cuts.delete(cut)
        resolve(attempt(Math.round(loop.now - startedAt)))
      }
      const cut = () => end((ms) => unansweredAttempt(new TooLate('budan is stopping'), ms))
      cuts.add(cut)
      const late = new TooLate(`it gave no answer in ${wholeMs} ms`)
      const expire = () => end((ms) => unansweredAttempt(late, ms))
      const deadline = loop.after(wholeMs, { owner, label: `${name} is late`, fire: expire })
      const back = (outcome: Outcome) => {
        if (outcome.kind === 'silent') return
        deadline.cancelled = true
        end((ms) => attemptOf(outcome, ms))
      }
      this.#world.after(this.#latencyMs(), `to ${name}`, () => {
        const outcome = receiver.take(headers, body)
        const label = `${name} answered`
        loop.after(this.#latencyMs(), { owner, label, fire: () => back(outcome) })
      })
    })
  }

  #latencyMs(): number {
    return this.#world.random.skewed(1, 3 * secondMs)
  }
}

function attemptOf(outcome: Exclude<Outcome, { kind: 'silent' }>, durationMs: number): Attempt {
  if (outcome.kind === 'failed') return unansweredAttempt({ code: outcome.code }, durationMs)
  const { status, retryAfter } = outcome
  return answeredAttempt({ status, answer: '', retryAfter }, durationMs)
}
