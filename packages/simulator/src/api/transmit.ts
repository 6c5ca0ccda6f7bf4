import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { type Fault, faultOf } from '../faults/fault.ts'
import type { World } from '../world.ts'
import type { Reply } from './reply.ts'
import type { LoggedRequest } from './request-log.ts'
import { type SealedMessage, seal } from './seal.ts'
import type { Wire } from './wire.ts'

interface Transmission {
  readonly wire: Wire
  readonly reply: Reply
  readonly faults: readonly Fault[]
  readonly logged: LoggedRequest
}

/** Signs the reply and sends it; a fault makes it late, partial or missing. */
export async function transmit(
  world: World,
  response: ServerResponse,
  transmission: Transmission,
): Promise<void> {
  const { reply, faults, logged } = transmission
  const slow = faultOf(faults, 'slow')
  if (slow) await delay(slow.ms, undefined, { signal: world.stopping }).catch(() => {})
  if (faultOf(faults, 'hang')) return
  if (faultOf(faults, 'reset')) {
    response.socket?.resetAndDestroy()
    return
  }
  const message = await sealed(world, transmission)
  world.log.answered(logged, { status: reply.status, code: reply.code })
  write(response, {
    status: reply.status,
    headers: headersOf(world, reply, message),
    message,
    faults,
  })
}

async function sealed(world: World, transmission: Transmission): Promise<SealedMessage> {
  const { wire, reply, faults } = transmission
  const signs = reply.signed === 'business' ? world.switches.sign_business_errors : reply.signed
  if (!signs) return { headers: {}, body: reply.body }
  const forced = faultOf(faults, 'key')
  const { keyring, switches } = world
  return seal(reply.body, {
    key: forced
      ? keyring.ofKind(forced.use)
      : keyring.forResponse(switches.signing, wire.headers['wechatpay-serial']),
    faults,
    now: world.signatureNow(),
    nonce: world.chance.nonce(),
  })
}

function headersOf(
  world: World,
  reply: Reply,
  message: SealedMessage,
): Record<string, string | number> {
  const bodiless = reply.status === 204
  return {
    Server: 'nginx',
    // The clock of the signatures, by which the age of requests is checked too.
    Date: new Date(world.signatureNow()).toUTCString(),
    'Cache-Control': 'no-cache, must-revalidate',
    'X-Content-Type-Options': 'nosniff',
    'Content-Language': 'zh-CN',
    ...(bodiless ? {} : { 'Content-Type': reply.contentType }),
    ...(bodiless ? {} : { 'Content-Length': Buffer.byteLength(message.body) }),
    ...(reply.number === null ? {} : { 'Request-ID': requestId(world, reply.number) }),
    ...(reply.retryAfter === undefined ? {} : { 'Retry-After': reply.retryAfter }),
    ...message.headers,
  }
}

function requestId(world: World, number: number): string {
  return `08${world.chance.nonce()}-${number}`
}

interface Outgoing {
  readonly status: number
  readonly headers: Record<string, string | number>
  readonly message: SealedMessage
  readonly faults: readonly Fault[]
}

function write(response: ServerResponse, { status, headers, message, faults }: Outgoing): void {
  const cut = faultOf(faults, 'cut')
  response.writeHead(status, headers)
  if (!cut) {
    response.end(message.body)
    return
  }
  const body = Buffer.from(message.body)
  const part = body.subarray(0, cut.after_bytes ?? Math.floor(body.length / 2))
  const hangUp = () => response.socket?.destroy()
  response.flushHeaders()
  if (part.length === 0) hangUp()
  else response.write(part, hangUp)
}
