import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RawCallback } from '../../src/gateway/gateway.ts'

/** A callback of this order's payment, or a notice of something else. */
export interface Wanted {
  readonly kind: 'payment' | 'notice'
  readonly orderNo: string
}

/**
 * Receives callbacks over HTTP, so that a test can deliver each when, and as often as, it needs. The gateway
 * also sends some by itself, as soon as an order is paid: those of other orders are not taken.
 */
export async function openLetterbox() {
  let deliver: (callback: RawCallback, path: string) => void = () => {}
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (bytes: Buffer) => parts.push(bytes))
    request.on('end', () => {
      deliver({ headers: request.headers, body: Buffer.concat(parts) }, request.url ?? '')
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    urlFor: (orderNo: string) => `http://127.0.0.1:${port}/${encodeURIComponent(orderNo)}`,
    next: ({ kind, orderNo }: Wanted) =>
      new Promise<RawCallback>((resolve) => {
        deliver = (callback, path) => {
          const { event_type: event } = JSON.parse(Buffer.from(callback.body).toString())
          const isPayment = event === 'TRANSACTION.SUCCESS'
          if (isPayment === (kind === 'payment') && path === `/${encodeURIComponent(orderNo)}`)
            resolve(callback)
        }
      }),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
