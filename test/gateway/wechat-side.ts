import { createCipheriv, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WechatConfig } from '../../src/config/config.ts'
import type { Event } from '../../src/domain/event.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { createWechatGateway, type WechatOptions } from '../../src/gateway/wechat/wechat.ts'

/** Keys of both sides, made once for each test file. */
export const merchantKeys = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const platformKeys = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const otherKeys = generateKeyPairSync('rsa', { modulusLength: 2048 })

export const publicKeyId = 'PUB_KEY_ID_0116000000000000000000000001'
export const apiV3Key = Buffer.from('0123456789abcdefghijklmnopqrstuv')
export const mchId = '1900007291'
export const appId = 'wx2421b1c4370ec43b'
export const orderNo = 'RECH202610010830001aB2cD3eF4'

export interface Signer {
  readonly key: KeyObject
  readonly serial: string
}

export const publicKeySigner: Signer = { key: platformKeys.privateKey, serial: publicKeyId }

/** The signature headers that WeChat Pay puts on `body`. */
export function signatureHeaders(
  body: string | Buffer,
  { signer = publicKeySigner, at = new Date() }: { signer?: Signer; at?: Date } = {},
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const nonce = randomBytes(16).toString('hex')
  const message = Buffer.concat([
    Buffer.from(`${timestamp}\n${nonce}\n`),
    Buffer.from(body),
    Buffer.from('\n'),
  ])
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-serial': signer.serial,
    'wechatpay-signature': sign('RSA-SHA256', message, signer.key).toString('base64'),
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
    'request-id': '08F78BB3AF0610D0021886-0',
  }
}

export function encrypt(
  text: string | Buffer,
  {
    key = apiV3Key,
    associatedData = 'transaction',
  }: { key?: Buffer; associatedData?: string } = {},
) {
  const nonce = randomBytes(6).toString('hex')
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(associatedData))
  const bytes = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: bytes.toString('base64'),
    nonce,
    associated_data: associatedData,
  }
}

/** A SUCCESS trade as WeChat Pay writes it; members given as undefined are left out. */
export function tradeBody(members: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    appid: appId,
    mchid: mchId,
    out_trade_no: orderNo,
    transaction_id: '4200002345202610019876543210',
    trade_type: 'NATIVE',
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    bank_type: 'ICBC_DEBIT',
    attach: 'season=autumn',
    success_time: '2026-10-01T08:34:56+08:00',
    payer: { openid: 'o6_bmjrPTlm6_2sgVt7hMZOPfL2M' },
    amount: { total: 1234, payer_total: 1000, currency: 'CNY', payer_currency: 'CNY' },
    ...members,
  }
}

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Canned {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

/** A response signed as WeChat Pay signs. */
export function signed(
  status: number,
  body: unknown,
  options: { signer?: Signer; at?: Date } = {},
): Canned {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const headers = { 'content-type': 'application/json', ...signatureHeaders(text, options) }
  return { status, headers, body: text }
}

/** An error as WeChat Pay sends most of them: not signed. */
export function unsigned(status: number, body: unknown = ''): Canned {
  return { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

type Answering = (
  request: Received,
  response: ServerResponse,
) => Canned | 'handled' | Promise<Canned | 'handled'>

export interface Side {
  readonly url: string
  readonly received: Received[]
  /** What it answers from now on. */
  answer: Answering
  stop(): Promise<void>
}

/** An HTTP server on loopback that answers what a test says, byte for byte. */
export async function startSide(answer: Answering = () => unsigned(500)): Promise<Side> {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(parts).toString(),
    }
    side.received.push(received)
    const canned = await side.answer(received, response)
    if (canned === 'handled') return
    response.writeHead(canned.status, canned.headers).end(canned.body ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const side: Side = {
    url: `http://127.0.0.1:${port}`,
    received: [],
    answer,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return side
}

export function configFor(url: string, members: Partial<WechatConfig> = {}): WechatConfig {
  return {
    baseUrl: url,
    mchId,
    appId,
    appIds: [appId],
    serialNo: '3775B6A45ACD588826D15E583A95F5DD00000001',
    privateKey: merchantKeys.privateKey,
    apiV3Key,
    notifyUrl: 'https://shop.example.com/v1/callbacks/wechatpay',
    publicKey: { id: publicKeyId, key: platformKeys.publicKey },
    timeoutMs: 5_000,
    ...members,
  }
}

/** A gateway with the events it emitted. */
export function gatewayTo(
  side: Pick<Side, 'url'>,
  members: Partial<WechatConfig> = {},
  options: Partial<WechatOptions> = {},
): { gateway: Gateway; events: Event[] } {
  const events: Event[] = []
  const emit = (event: Event) => events.push(event)
  return {
    gateway: createWechatGateway(configFor(side.url, members), { emit, ...options }),
    events,
  }
}
