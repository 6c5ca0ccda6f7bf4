import { Webhook } from 'standardwebhooks'
import { expect } from 'vitest'
import { webhookAddressFault } from '../../src/config/webhooks/webhook-address.ts'
import { Sender } from '../../src/outbox/webhooks/sender.ts'
import { signatureHeaders } from '../../src/outbox/webhooks/signature.ts'
import { type Receiver, startReceiver, status } from '../webhooks/receiver.ts'
import type { Attacks } from './site.ts'

const secret = `whsec_${Buffer.alloc(32, 'a').toString('base64')}`
const message = { id: 'evt_1', body: '{"type":"order.paid","data":{"amount":1}}' }
const limits = { connectMs: 500, wholeMs: 1_500, bodyMs: 300 }

async function sent(url: string) {
  const sender = new Sender({ url, secrets: [secret] }, limits)
  const attempt = await sender.send(message)
  sender.close()
  return attempt
}

async function withReceivers(work: (shop: Receiver, other: Receiver) => Promise<void>) {
  const [shop, other] = [await startReceiver(), await startReceiver()]
  try {
    await work(shop, other)
  } finally {
    await Promise.all([shop.stop(), other.stop()])
  }
}

/** Of somebody who runs an endpoint of webhooks, or says where it is. */
export const endpoints: Attacks = {
  W1: async () => {
    for (const host of [
      ...['169.254.169.254', '169.254.0.23', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376'],
      ...['[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[64:ff9b::a9fe:a9fe]', '[fe80::1]'],
      ...['[fd00:ec2::254]', '100.100.100.200', '0.0.0.0', '0', '[::]', '224.0.0.1'],
    ]) {
      for (const scheme of ['http', 'https']) {
        const url = `${scheme}://${host}/latest/meta-data`
        expect([url, webhookAddressFault(url)]).toEqual([url, expect.stringContaining('leads to')])
        expect(await sent(url)).toMatchObject({ outcome: 'forbidden', status: null })
      }
    }
  },
  W2: () =>
    withReceivers(async (shop, other) => {
      for (const code of [301, 302, 303, 307, 308]) {
        shop.reply = status(code, { location: other.url })
        expect(await sent(shop.url)).toMatchObject({ outcome: 'redirected', status: code })
      }
      expect(other.received).toEqual([])
    }),
  W3: () =>
    withReceivers(async (shop) => {
      shop.reply = (response) => {
        const pour = () => {
          while (!response.destroyed && response.write('x'.repeat(1_000)));
        }
        response.writeHead(500).on('drain', pour)
        pour()
      }
      const endless = await sent(shop.url)
      expect(endless).toMatchObject({ outcome: 'server_error', answer: 'x'.repeat(1024) })
      shop.reply = (response) => {
        const timer = setInterval(() => response.write('x'), 20)
        response.writeHead(500).on('close', () => clearInterval(timer))
      }
      const dripping = await sent(shop.url)
      expect(dripping.durationMs).toBeLessThan(limits.wholeMs)
    }),
  W4: async () => {
    const receiver = new Webhook(secret)
    const signed = signatureHeaders({ ...message, at: new Date(), secrets: [secret] })
    expect(receiver.verify(message.body, signed)).toMatchObject({ type: 'order.paid' })
    const guess = `whsec_${Buffer.alloc(32, 'b').toString('base64')}`
    const forged = signatureHeaders({ ...message, at: new Date(), secrets: [guess] })
    const old = signatureHeaders({
      ...{ ...message, at: new Date(Date.now() - 400_000), secrets: [secret] },
    })
    expect(() => receiver.verify(message.body, forged)).toThrow('No matching signature')
    expect(() => receiver.verify(message.body.replace('1', '9'), signed)).toThrow('No matching')
    expect(() => receiver.verify(message.body, { ...signed, 'webhook-id': 'evt_2' })).toThrow()
    expect(() => receiver.verify(message.body, old)).toThrow('too old')
  },
}
