import {
  constants,
  createDecipheriv,
  createPublicKey,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOfStream } from 'node:stream/consumers'
import { Agent, request } from 'undici'
import {
  type Merchant,
  merchantOptions,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../src/index.ts'

/** Signs and verifies with its own code: that of the simulator must not verify itself. */

const agent = new Agent({ pipelining: 0 })

export interface Mistakes {
  readonly timestamp?: number
  readonly signedPath?: string
  readonly signedBody?: string
  readonly mchid?: string
  readonly serial?: string
  readonly scheme?: string
  readonly authorization?: string | null
  readonly privateKeyPem?: string
}

export interface ClientRequest {
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  /** Mistakes in the signature and the authorization. */
  readonly wrong?: Mistakes | undefined
  readonly headers?: Record<string, string>
}

export interface ClientResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: any answer of the simulator
  readonly json: any
}

export async function send(
  simulator: Simulator,
  merchant: Merchant,
  what: ClientRequest,
): Promise<ClientResponse> {
  const body = what.body === undefined ? '' : textOf(what.body)
  const method = what.method ?? (body ? 'POST' : 'GET')
  const authorization = what.wrong?.authorization
  const signature = authorizationFor(merchant, { ...what, method, body })
  const response = await request(`${simulator.url}${what.path}`, {
    method,
    dispatcher: agent,
    headers: {
      accept: 'application/json',
      ...(authorization === null ? {} : { authorization: authorization ?? signature }),
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...what.headers,
    },
    ...(body ? { body } : {}),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.body.text()
  return { status: response.statusCode, headers: response.headers, text, json: jsonOf(text) }
}

function authorizationFor(
  merchant: Merchant,
  what: ClientRequest & { method: string; body: string },
) {
  const wrong = what.wrong ?? {}
  const timestamp = wrong.timestamp ?? Math.floor(Date.now() / 1000)
  const nonce = randomBytes(16).toString('hex')
  const lines = [
    what.method,
    wrong.signedPath ?? what.path,
    timestamp,
    nonce,
    wrong.signedBody ?? what.body,
  ]
  const message = lines.map((line) => `${line}\n`).join('')
  const key = wrong.privateKeyPem ?? merchant.privateKeyPem
  const signature = sign('sha256', Buffer.from(message), key).toString('base64')
  const claims = {
    mchid: wrong.mchid ?? merchant.mchid,
    nonce_str: nonce,
    signature,
    timestamp,
    serial_no: wrong.serial ?? merchant.serialNo,
  }
  const pairs = Object.entries(claims).map(([name, value]) => `${name}="${value}"`)
  return `${wrong.scheme ?? 'WECHATPAY2-SHA256-RSA2048'} ${pairs.join(',')}`
}

/** Serial number of the key that signed the message; null if it has no valid signature of a known key. */
export function signer(
  merchant: Merchant,
  message: { readonly headers: IncomingHttpHeaders; readonly text: string },
): string | null {
  const { headers, text } = message
  const named = String(headers['wechatpay-serial'])
  const keys = new Map([
    [merchant.wechatpay.publicKeyId, createPublicKey(merchant.wechatpay.publicKeyPem)],
    ...merchant.wechatpay.certificates.map(
      (each) => [each.serialNo, new X509Certificate(each.certificatePem).publicKey] as const,
    ),
  ])
  const key = keys.get(named)
  const signature = Buffer.from(String(headers['wechatpay-signature']), 'base64')
  const signed = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${text}\n`
  const padding = constants.RSA_PKCS1_PADDING
  return key && verify('sha256', Buffer.from(signed), { key, padding }, signature) ? named : null
}

export interface Resource {
  readonly ciphertext: string
  readonly nonce: string
  readonly associated_data: string
}

export function decrypt(merchant: Merchant, resource: Resource): string {
  const bytes = Buffer.from(resource.ciphertext, 'base64')
  const cipher = createDecipheriv('aes-256-gcm', merchant.apiV3Key, resource.nonce)
  cipher.setAAD(Buffer.from(resource.associated_data))
  cipher.setAuthTag(bytes.subarray(-16))
  return Buffer.concat([cipher.update(bytes.subarray(0, -16)), cipher.final()]).toString('utf8')
}

export function start(
  merchant: Merchant,
  options: Partial<SimulatorOptions> = {},
): Promise<Simulator> {
  return startSimulator({ ...merchantOptions(merchant), seed: 'test', ...options })
}

export function prepayBody(merchant: Merchant, outTradeNo: string): Record<string, unknown> {
  return {
    appid: merchant.appid,
    mchid: merchant.mchid,
    description: '充值',
    out_trade_no: outTradeNo,
    notify_url: 'https://merchant.example/callback',
    amount: { total: 1_000, currency: 'CNY' },
  }
}

export function queryPath(merchant: Merchant, outTradeNo: string): string {
  return `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${merchant.mchid}`
}

export const nativePath = '/v3/pay/transactions/native'

export function closeRequest(merchant: Merchant, outTradeNo: string): ClientRequest {
  return {
    path: `/v3/pay/transactions/out-trade-no/${outTradeNo}/close`,
    body: { mchid: merchant.mchid },
  }
}

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Null if it cannot be decrypted. */
  readonly trade: Record<string, unknown> | null
}

/** A merchant's server: answers callbacks with the `statuses`, one each, and then with 204. */
export async function startReceiver(
  merchant: Merchant,
  statuses: (number | 'hang')[] = [],
): Promise<{ url: string; received: Received[]; stop: () => Promise<void> }> {
  const received: Received[] = []
  const listener: RequestListener = async (message, response) => {
    const text = await textOfStream(message)
    const body = JSON.parse(text)
    received.push({ headers: message.headers, text, trade: tradeIn(merchant, body.resource) })
    const status = statuses.shift() ?? 204
    if (status !== 'hang') response.writeHead(status).end()
  }
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/callback`, received, stop }
}

function tradeIn(merchant: Merchant, resource: Resource): Record<string, unknown> | null {
  try {
    return JSON.parse(decrypt(merchant, resource))
  } catch {
    return null
  }
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
