/**
 * Receives webhooks in a process of its own, which ends when the process that started it ends. Each endpoint
 * has a path; one may hang.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** Answered by a message: what was received since the last such request. */
export interface ReceiverRequest {
  /** From now on these paths get no answer; what waits at others gets one. */
  readonly hanging: readonly string[]
}

export type ReceiverMessage = { readonly port: number } | { readonly received: Received }

/** By path: for each request, the milliseconds since the time that its `credited_at` says; 0 without one. */
export type Received = Readonly<Record<string, readonly number[]>>

let received: Record<string, number[]> = {}
let hanging: readonly string[] = []
let unanswered: { readonly path: string; readonly response: ServerResponse }[] = []

const server = createServer((request, response) => void receive(request, response))

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? ''
  const body = await text(request)
  if (hanging.includes(path)) {
    unanswered.push({ path, response })
    return
  }
  const { data } = JSON.parse(body) as { data: { credited_at?: string } }
  const at = data.credited_at === undefined ? Date.now() : Date.parse(data.credited_at)
  const times = received[path] ?? []
  received[path] = times
  times.push(Date.now() - at)
  response.writeHead(204).end()
}

process.on('message', (request: ReceiverRequest) => {
  hanging = request.hanging
  const answered = unanswered.filter(({ path }) => !hanging.includes(path))
  unanswered = unanswered.filter(({ path }) => hanging.includes(path))
  for (const { response } of answered) response.writeHead(204).end()
  reply({ received })
  received = {}
})
process.on('disconnect', () => process.exit())
// Ctrl-C reaches the whole process group. The parent still sends requests, and then disconnects.
process.on('SIGINT', () => undefined)

function reply(message: ReceiverMessage): void {
  process.send?.(message)
}

server.listen(0, '127.0.0.1')
await once(server, 'listening')
reply({ port: (server.address() as AddressInfo).port })
