import { type KeyObject, sign } from 'node:crypto'
import { type Fault, faultOf } from '../faults/fault.ts'
import type { SigningKey } from '../keys/keyring.ts'
import { type JsonObject, merged } from '../merge.ts'

export interface SealOptions {
  readonly key: SigningKey
  readonly faults: readonly Fault[]
  /** Milliseconds since 1970. */
  readonly now: number
  readonly nonce: string
}

export interface SealedMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const probePrefix = 'WECHATPAY/SIGNTEST/'

/** Signs an answer or a callback like WeChat Pay, and applies the faults. */
export async function seal(body: string, options: SealOptions): Promise<SealedMessage> {
  const { faults, key, nonce } = options
  const offset = faultOf(faults, 'timestamp')?.offset_seconds ?? 0
  const timestamp = String(Math.floor(options.now / 1000) + offset)
  const strange = faultOf(faults, 'wrong_signature') ? '\n' : ''
  const message = `${timestamp}\n${nonce}\n${body}\n${strange}`
  const signature = await signed(message, key.privateKey)
  const unknown = faultOf(faults, 'unknown_serial')
  const headers = {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': probed(signature, faults),
    'Wechatpay-Serial': unknown ? (unknown.serial ?? unknownSerial) : key.serial,
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  }
  return { headers: withoutMissing(headers, faults), body: changed(body, faults) }
}

/** The form of a certificate's serial number, but that of no certificate. */
const unknownSerial = 'F'.repeat(40)

/** Signs in the thread pool, so that signing does not block the event loop. */
function signed(message: string, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    sign('sha256', Buffer.from(message), key, (error, signature) => {
      if (error) reject(error)
      else resolve(signature.toString('base64'))
    })
  })
}

function probed(signature: string, faults: readonly Fault[]): string {
  const probe = faultOf(faults, 'probe')
  if (!probe) return signature
  const wrong = probePrefix + signature.slice(probePrefix.length)
  // Without three characters, the last unit has one character, which base64 does not allow.
  return probe.base64 === 'invalid' ? wrong.slice(0, -3) : wrong
}

function withoutMissing(
  headers: Readonly<Record<string, string>>,
  faults: readonly Fault[],
): Record<string, string> {
  const missing = faults
    .flatMap((fault) => (fault.kind === 'missing_header' ? fault.headers : []))
    .map((name) => name.toLowerCase())
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !missing.includes(name.toLowerCase())),
  )
}

function changed(body: string, faults: readonly Fault[]): string {
  const change = faultOf(faults, 'changed_body')
  if (!change) return body
  return change.merge ? mergedText(body, change.merge) : `${body} `
}

/** Applies a merge patch to a JSON text. */
export function mergedText(text: string, patch: JsonObject): string {
  return JSON.stringify(merged(JSON.parse(text || '{}'), patch))
}
