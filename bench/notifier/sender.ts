/**
 * Sends WeChat Pay's notifications from a process of its own. They are encrypted and signed
 * beforehand, and written unchanged. The process ends when the process that started it ends, for
 * whatever reason.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { PaidOrder } from '../gateway/answers.ts'
import { eachAtOnce } from '../measure/stopwatch.ts'
import { KeepAliveConnection } from './keep-alive-connection.ts'
import { notificationsOf, type Sender } from './notifications.ts'

/** Requests of the parent process; each is answered by one message. */
export type SenderRequest =
  /** Drops the earlier notifications. */
  | {
      readonly kind: 'sign'
      readonly orders: readonly PaidOrder[]
      readonly sender: Sender
    }
  | ({ readonly kind: 'post' } & Posting)

/** Posts a range of the signed notifications, in order. */
export interface Posting {
  /** The server's URL without a path. */
  readonly url: string
  readonly first: number
  readonly count: number
  /** Keep-alive connections, each with one request at a time. */
  readonly connections: number
  /** Null: each connection sends the next one as soon as it has an answer. */
  readonly perSec: number | null
}

export interface Posted {
  readonly seconds: number
  /** Number of answers by status; 0 counts the requests without an answer. */
  readonly statuses: Readonly<Record<number, number>>
  /** The latency of each, from the time when it was due until its answer. */
  readonly ms: readonly number[]
}

/** The answers to the parent's requests. */
export type SenderMessage = { readonly signed: number } | { readonly posted: Posted }

let notifications: readonly Buffer[] = []

process.on('message', (request: SenderRequest) => {
  switch (request.kind) {
    case 'sign':
      // The server does not check the host name.
      notifications = notificationsOf(request.orders, { sender: request.sender, host: 'budan' })
      return reply({ signed: notifications.length })
    case 'post':
      post(request).then((posted) => reply({ posted }))
  }
})
process.on('disconnect', () => process.exit())
// Ctrl-C reaches the whole process group. The parent still sends requests, and then disconnects.
process.on('SIGINT', () => undefined)

function reply(message: SenderMessage): void {
  process.send?.(message)
}

/**
 * At a fixed rate, latency counts from the time when a request was due: a request that waited for a
 * free connection, because earlier ones were slow, has waited for the server.
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
