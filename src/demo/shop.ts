import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

/** What the backend of a shop has got, by its own books. */
export interface ShopBooks {
  /** Requests whose signature fits. */
  readonly requests: number
  /** Events that came, each counted once. */
  readonly events: Readonly<Record<string, number>>
  /** What it has credited on `order.paid`, in fen, by order number. */
  readonly credits: ReadonlyMap<string, bigint>
}

/** The backend of a shop, as docs/webhooks.md describes it. */
export interface Shop {
  readonly url: string
  readonly secret: string
  readonly books: ShopBooks
  close(): Promise<void>
}

/** It is away for the first requests, and later loses one of its answers: budan sends these again. */
const awayUntil = 3
const answerLost = 10

export async function openShop(): Promise<Shop> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const books = new Books()
  const webhook = new Webhook(secret)
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    const isAway = requests <= awayUntil
    const losesAnswer = requests === answerLost
    void receive(request, { webhook, books, isAway })
      .catch(() => 500)
      .then((status) => (losesAnswer ? response.destroy() : answer(response, status)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...{ url: `http://127.0.0.1:${port}/hooks/budan`, secret, books },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Receiving {
  readonly webhook: Webhook
  readonly books: Books
  readonly isAway: boolean
}

async function receive(
  request: IncomingMessage,
  { webhook, books, isAway }: Receiving,
): Promise<number> {
  const body = await text(request)
  if (isAway) return 503
  try {
    webhook.verify(body, request.headers as Record<string, string>)
  } catch {
    return 401
  }
  books.enter(String(request.headers['webhook-id']), JSON.parse(body))
  return 204
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status).end()
}

interface Received {
  readonly type: string
  readonly data: { readonly order_no?: string; readonly amount?: number }
}

/** Stands for two tables with unique keys: events by their id, credits by order number. */
class Books implements ShopBooks {
  requests = 0
  readonly events: Record<string, number> = {}
  readonly credits = new Map<string, bigint>()
  readonly #ids = new Set<string>()

  enter(id: string, { type, data }: Received): void {
    this.requests += 1
    if (this.#ids.has(id)) return
    this.#ids.add(id)
    this.events[type] = (this.events[type] ?? 0) + 1
    const { order_no: orderNo, amount } = data
    if (type !== 'order.paid' || orderNo === undefined || this.credits.has(orderNo)) return
    this.credits.set(orderNo, BigInt(amount ?? 0))
  }
}
