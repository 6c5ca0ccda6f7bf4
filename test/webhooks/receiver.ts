import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly at: number
}

export type Reply = (response: ServerResponse, received: Received) => void

/** A shop's endpoint on a port of its own. */
export interface Receiver {
  readonly url: string
  readonly received: readonly Received[]
  /** What it answers from now on; 204 at first. */
  reply: Reply
  /** Resolves once it has received this many. */
  got(count: number): Promise<void>
  stop(): Promise<void>
}

export function status(code: number, headers: Record<string, string> = {}): Reply {
  return (response) => void response.writeHead(code, headers).end()
}

/** Never answers. */
export const hangs: Reply = () => {}

export async function startReceiver({
  port = 0,
}: {
  readonly port?: number
} = {}): Promise<Receiver> {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const body = await textOf(request)
    const one = { headers: request.headers, body, at: Date.now() }
    received.push(one)
    for (const look of waiting) look()
    receiver.reply(response, one)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    reply: status(204),
    got: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (received.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

/** What speaks no HTTP, or none to the end. */
export async function startSocket(
  onConnection: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createSocketServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...{ url: `http://127.0.0.1:${port}/`, port },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
