/**
 * WeChat Pay's notifications, sent by a process of its own: encrypted and signed before they are
 * sent, and written as they are. It ends when the process that started it does, in whatever way.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { PaidOrder } from '../gateway/answers.ts'
import { eachAtOnce } from '../stopwatch.ts'
import { KeepAliveConnection } from './keep-alive-connection.ts'
import { notificationsOf, type Sender } from './notifications.ts'

/** What the parent says; each is answered by one message. */
export type SenderRequest =
  /** Forgets those so far. */
  | {
      readonly kind: 'sign'
      readonly orders: readonly PaidOrder[]
      readonly sender: Sender
    }
  | ({ readonly kind: 'post' } & Posting)

/** Some of those that were signed, in their order. */
export interface Posting {
  /** Of the server, without a path. */
  readonly url: string
  readonly first: number
  readonly count: number
  /** Connections kept open, each with one request at a time. */
  readonly connections: number
  /** Null: the next one as soon as one is answered. */
  readonly perSec: number | null
}

export interface Posted {
  readonly seconds: number
  /** Answers by their status; 0: none. */
  readonly statuses: Readonly<Record<number, number>>
  /** Of each, from when it was to be sent until its answer. */
  readonly ms: readonly number[]
}

/** What it is told. */
export type SenderMessage = { readonly signed: number } | { readonly posted: Posted }

let notifications: readonly Buffer[] = []

process.on('message', (request: SenderRequest) => {
  switch (request.kind) {
    case 'sign':
      // Nothing looks at the name of the host.
      notifications = notificationsOf(request.orders, { sender: request.sender, host: 'budan' })
      return reply({ signed: notifications.length })
    case 'post':
      post(request).then((posted) => reply({ posted }))
  }
})
process.on('disconnect', () => process.exit())
// Ctrl-C goes to the whole group: the parent is still asking, and disconnects when it has ended.
process.on('SIGINT', () => undefined)

function reply(message: SenderMessage): void {
  process.send?.(message)
}

/**
 * At a fixed rate, latency counts from when each was to be sent: one that had to wait for a
 * connection, because those before it took long, has waited for the server.
 */
async function post({ url, first, count, connections, perSec }: Posting): Promise<Posted> {
  const idle = Array.from({ length: connections }, () => new KeepAliveConnection(new URL(url)))
  const all = [...idle]
  const statuses: Record<number, number> = {}
  const ms: number[] = []
  const started = performance.now()
  const due = notifications.slice(first, first + count).map((request, nth) => ({
    request,
    at: perSec === null ? null : started + (nth * 1000) / perSec,
  }))
  await eachAtOnce(due, {
    concurrency: connections,
    work: async ({ request, at }) => {
      const from = at ?? performance.now()
      if (from > performance.now()) await delay(from - performance.now())
      const connection = idle.pop() as KeepAliveConnection
      const status = await connection.post(request)
      idle.push(connection)
      ms.push(performance.now() - from)
      statuses[status] = (statuses[status] ?? 0) + 1
    },
  })
  const seconds = (performance.now() - started) / 1000
  for (const connection of all) connection.close()
  return { seconds, statuses, ms }
}
