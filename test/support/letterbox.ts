import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RawCallback } from '../../src/gateway/gateway.ts'

/** Receives callbacks over HTTP, so that a test can deliver each when, and as often as, it needs. */
export async function openLetterbox() {
  let deliver: (callback: RawCallback) => void = () => {}
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (bytes: Buffer) => parts.push(bytes))
    request.on('end', () => {
      deliver({ headers: request.headers, body: Buffer.concat(parts) })
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    next: () => new Promise<RawCallback>((resolve) => (deliver = resolve)),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
