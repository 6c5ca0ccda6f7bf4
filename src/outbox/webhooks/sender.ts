import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as plain,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as secure } from 'node:https'
import type { Socket } from 'node:net'
import { urlToHttpOptions } from 'node:url'
import type { WebhookConfig } from '../../config/webhooks/webhook-config.ts'
import type { Attempt } from '../../domain/webhooks/delivery.ts'
import { type Answered, answeredAttempt, TooLate, unansweredAttempt } from './attempt.ts'
import { type ForbiddenAddress, guardedLookup, hostFault } from './guarded-lookup.ts'
import { signatureHeaders } from './signature.ts'

/** What is sent. */
export interface Message {
  readonly id: string
  readonly body: string
}

export interface SenderLimits {
  readonly connectMs: number
  /** For the whole attempt. */
  readonly wholeMs: number
  /** For the body of an answer whose status is known: it decides nothing. */
  readonly bodyMs: number
}

export const senderLimits: SenderLimits = { connectMs: 5_000, wholeMs: 15_000, bodyMs: 3_000 }

/** More of an answer is not read: the connection is closed. */
const readBytesMax = 64 * 1024

/** Kept for the log of deliveries. */
const keptBytesMax = 1024

/** Proxies and receivers close an idle connection after 5 s and more. */
const idleMs = 4_000

/**
 * Sends to one endpoint. Follows no redirect, uses no proxy, and looks at the address of each connection
 * that it opens.
 */
export class Sender {
  readonly #secrets: WebhookConfig['secrets']
  readonly #limits: SenderLimits
  readonly #agent: HttpAgent
  readonly #forbidden: ForbiddenAddress | null
  readonly #options: RequestOptions
  readonly #isPlain: boolean

  constructor(endpoint: Pick<WebhookConfig, 'url' | 'secrets'>, limits = senderLimits) {
    const url = new URL(endpoint.url)
    this.#secrets = endpoint.secrets
    this.#limits = limits
    this.#isPlain = url.protocol === 'http:'
    this.#forbidden = hostFault(url.hostname, { isPlain: this.#isPlain })
    const pool = { keepAlive: true, timeout: idleMs }
    this.#agent = this.#isPlain ? new HttpAgent(pool) : new HttpsAgent(pool)
    this.#options = {
      ...{ ...urlToHttpOptions(url), method: 'POST', agent: this.#agent },
      lookup: guardedLookup({ isPlain: this.#isPlain }),
    }
  }

  /** Never throws: what goes wrong is the result. */
  async send(
    message: Message,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Attempt> {
    const startedAt = performance.now()
    const durationMs = () => Math.round(performance.now() - startedAt)
    try {
      if (this.#forbidden !== null) throw this.#forbidden
      return answeredAttempt(await this.#exchange(message, signal), durationMs())
    } catch (error) {
      return unansweredAttempt(error, durationMs())
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #exchange(message: Message, signal?: AbortSignal): Promise<Answered> {
    const request = this.#open(message)
    try {
      return await this.#answerTo(request, { message, signal })
    } catch (error) {
      // The receiver closed the idle connection while the request was on its way.
      if (!request.reusedSocket || !isCut(error)) throw error
      return await this.#answerTo(this.#open(message), { message, signal })
    }
  }

  #open({ id, body }: Message): ClientRequest {
    return (this.#isPlain ? plain : secure)({
      ...this.#options,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'budan',
        'accept-encoding': 'identity',
        ...signatureHeaders({ id, at: new Date(), body, secrets: this.#secrets }),
      },
    })
  }

  #answerTo(
    request: ClientRequest,
    { message, signal }: { readonly message: Message; readonly signal: AbortSignal | undefined },
  ): Promise<Answered> {
    const { connectMs, wholeMs, bodyMs } = this.#limits
    return new Promise<Answered>((resolve, reject) => {
      const timers = new Set<NodeJS.Timeout>()
      const after = (ms: number, work: () => void) => {
        const timer = setTimeout(work, ms)
        timers.add(timer)
        return timer
      }
      const abort = () => request.destroy(new TooLate('budan is stopping'))
      request.once('close', () => {
        for (const timer of timers) clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      })
      after(wholeMs, () => request.destroy(new TooLate(`it gave no answer in ${wholeMs} ms`)))
      signal?.addEventListener('abort', abort, { once: true })
      request.once('socket', (socket: Socket) => {
        if (!socket.connecting) return
        const late = () => request.destroy(new TooLate(`it took no connection in ${connectMs} ms`))
        const timer = after(connectMs, late)
        socket.once(this.#isPlain ? 'connect' : 'secureConnect', () => clearTimeout(timer))
      })
      const cut = () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
      request.on('error', reject)
      request.once('close', cut)
      request.once('response', (response) => {
        // The status is known: what ends the connection now is no failure.
        request.off('error', reject).on('error', () => {})
        request.off('close', cut)
        after(bodyMs, () => request.destroy())
        readAnswer(response, resolve)
      })
      if (signal?.aborted) abort()
      else request.end(message.body)
    })
  }
}

/** The status decides. What cuts its body short, here or there, is no failure. */
function readAnswer(response: IncomingMessage, ended: (answered: Answered) => void): void {
  const kept: Buffer[] = []
  let bytes = 0
  response.on('data', (part: Buffer) => {
    if (bytes < keptBytesMax) kept.push(part.subarray(0, keptBytesMax - bytes))
    bytes += part.length
    if (bytes > readBytesMax) response.destroy()
  })
  response.on('error', () => {})
  response.once('close', () => {
    ended({
      status: response.statusCode ?? 0,
      answer: textOf(Buffer.concat(kept)),
      retryAfter: response.headers['retry-after'],
    })
  })
}

/** A character that was cut in two at the end is left out. */
function textOf(bytes: Buffer): string {
  return bytes.length === 0 ? '' : new TextDecoder().decode(bytes, { stream: true })
}

function isCut(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: string }
  return code === 'ECONNRESET' || code === 'EPIPE'
}
