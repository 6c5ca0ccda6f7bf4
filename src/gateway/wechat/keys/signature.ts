import { type KeyObject, randomUUID, sign, verify } from 'node:crypto'

/** The parts of a request that its signature covers; `path` with its query, percent-encoded as it is sent. */
export interface SignedRequest {
  readonly method: string
  readonly path: string
  readonly body: string
}

export interface Stamp {
  /** Unix seconds. */
  readonly timestamp: number
  readonly nonce: string
}

export interface Merchant {
  readonly mchId: string
  /** Serial number of the merchant's API certificate. */
  readonly serialNo: string
  readonly privateKey: KeyObject
}

const scheme = 'WECHATPAY2-SHA256-RSA2048'
const algorithm = 'RSA-SHA256'
const lineFeed = Buffer.from('\n')

/** Five lines; each ends with a line feed, also the last one. */
export function requestMessage(request: SignedRequest, stamp: Stamp): string {
  return `${request.method}\n${request.path}\n${stamp.timestamp}\n${stamp.nonce}\n${request.body}\n`
}

/** Three lines with the unchanged bytes: parsing and writing them again would change them. */
export function replyMessage(
  body: Uint8Array,
  stamp: { timestamp: string; nonce: string },
): Buffer {
  return Buffer.concat([Buffer.from(`${stamp.timestamp}\n${stamp.nonce}\n`), body, lineFeed])
}

/** The nonce has 32 characters, as in WeChat Pay's SDKs. `randomUUID` is fast: Node caches random bytes for it. */
export function newStamp(now: Date): Stamp {
  const nonce = randomUUID().replaceAll('-', '')
  return { timestamp: Math.floor(now.getTime() / 1000), nonce }
}

/** The `Authorization` header of one request. Each attempt needs a new stamp, and so a new header. */
export async function authorization(
  request: SignedRequest,
  { merchant, stamp }: { merchant: Merchant; stamp: Stamp },
): Promise<string> {
  const signature = await signRsa(requestMessage(request, stamp), merchant.privateKey)
  const pairs = {
    mchid: merchant.mchId,
    nonce_str: stamp.nonce,
    signature,
    timestamp: stamp.timestamp,
    serial_no: merchant.serialNo,
  }
  const text = Object.entries(pairs).map(([key, value]) => `${key}="${value}"`)
  return `${scheme} ${text.join(',')}`
}

/** Base64. It runs in libuv's pool, so that the event loop does not wait half a millisecond. */
function signRsa(message: string, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(algorithm, Buffer.from(message), key, (error, signature) => {
      if (error) reject(error)
      else resolve(signature.toString('base64'))
    })
  })
}

/** Synchronous: a verification costs less than a switch to another thread and back. */
export function isSignatureOf(message: Uint8Array, signature: Buffer, key: KeyObject): boolean {
  return verify(algorithm, message, key, signature)
}

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** The signature headers of a response or a notification. */
export interface SignatureHeaders {
  readonly timestamp: string
  readonly nonce: string
  readonly serial: string
  readonly signature: string
}

/** Null: there is no signature. `malformed`: there is one, but not complete. */
export function readSignatureHeaders(headers: Headers): SignatureHeaders | 'malformed' | null {
  if (headers['wechatpay-signature'] === undefined) return null
  const timestamp = single(headers, 'wechatpay-timestamp')
  const nonce = single(headers, 'wechatpay-nonce')
  const serial = single(headers, 'wechatpay-serial')
  const signature = single(headers, 'wechatpay-signature')
  const type = headers['wechatpay-signature-type'] ?? scheme
  const whole = timestamp && nonce && serial && signature && type === scheme
  if (!whole || !/^\d{1,12}$/.test(timestamp)) return 'malformed'
  return { timestamp, nonce, serial, signature }
}

function single(headers: Headers, name: string): string | null {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** Whether a request claims to be signed by WeChat Pay. Anybody can make such a request. */
export function claimsSignature(headers: Headers): boolean {
  return headers['wechatpay-signature'] !== undefined || headers['wechatpay-serial'] !== undefined
}
