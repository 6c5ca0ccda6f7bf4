import type { WebhookConfig } from '../../config/webhooks/webhook-config.ts'
import type { Attempt } from '../../domain/webhooks/delivery.ts'
import { type Answered, answeredAttempt, isCut, TooLate, unansweredAttempt } from './attempt.ts'
import { Connection, type Request, senderLimits } from './connection.ts'
import { signatureHeaders } from './signature.ts'

/** What is sent. */
export interface Message {
  readonly id: string
  readonly body: string
}

/** Sends to one endpoint, over as many connections as messages are sent at once. */
export class Sender {
  readonly #url: URL
  readonly #secrets: WebhookConfig['secrets']
  readonly #limits: typeof senderLimits
  readonly #open = new Set<Connection>()
  readonly #idle: Connection[] = []
  #isClosed = false

  constructor({ url, secrets }: Pick<WebhookConfig, 'url' | 'secrets'>, limits = senderLimits) {
    this.#url = new URL(url)
    this.#secrets = secrets
    this.#limits = limits
  }

  /** Never throws: what goes wrong is the result. */
  async send(message: Message): Promise<Attempt> {
    const startedAt = performance.now()
    try {
      return answeredAttempt(await this.#exchange(message), since(startedAt))
    } catch (error) {
      return unansweredAttempt(error, since(startedAt))
    }
  }

  /** Ends what is being sent. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#open) connection.end(stopping())
  }

  /** The connection that was used last is the most likely to be still open. */
  async #exchange(message: Message, idle = this.#idle.pop()): Promise<Answered> {
    const connection = idle ?? (await this.#connection())
    try {
      return await connection.request(this.#requestOf(message))
    } catch (error) {
      // The receiver closed the idle connection while the request was on its way.
      if (!connection.wasReused || !isCut(error) || this.#isClosed) throw error
      return await this.#exchange(message, await this.#connection())
    } finally {
      this.#release(connection)
    }
  }

  async #connection(): Promise<Connection> {
    const connection = await Connection.open(this.#url, this.#limits)
    if (this.#isClosed) throw stopping()
    this.#open.add(connection)
    return connection
  }

  #release(connection: Connection): void {
    if (connection.isClear && !this.#isClosed) {
      this.#idle.push(connection)
    } else {
      this.#open.delete(connection)
      connection.close()
    }
  }

  #requestOf({ id, body }: Message): Request {
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'budan',
      'accept-encoding': 'identity',
      ...signatureHeaders({ id, at: new Date(), body, secrets: this.#secrets }),
    }
    return { method: 'POST', body, headers }
  }
}

function since(startedAt: number): number {
  return Math.round(performance.now() - startedAt)
}

function stopping(): TooLate {
  return new TooLate('budan is stopping')
}
