import type { KeyObject } from 'node:crypto'
import type { UnknownWhy } from '../../../domain/trade.ts'
import { fromBase64 } from './base64.ts'
import type { KeyRing } from './keys.ts'
import {
  type Headers,
  isSignatureOf,
  readSignatureHeaders,
  replyMessage,
  type SignatureHeaders,
} from './signature.ts'

/** Whether a response or a notification was signed by WeChat Pay. */
export type Verification =
  /** `signedAt`: the time by the gateway's clock; ours differs by less than the tolerance. */
  | ValidSignature
  | {
      readonly kind: 'rejected'
      readonly defect: Defect
      /** A more exact cause than the defect, if it is known. */
      readonly why?: UnknownWhy | undefined
      readonly message: string
      /** Every other answer would be rejected for the same reason. */
      readonly systemic: boolean
    }

export interface ValidSignature {
  readonly kind: 'valid'
  readonly serial: string
  readonly signedAt: Date
  /** What it was verified by. Absent in a simulation, where nothing is signed. */
  readonly by?: SignedBy
}

export interface SignedBy {
  readonly headers: SignatureHeaders
  readonly key: KeyObject
}

type Defect =
  | 'unsigned' // no signature at all
  | 'malformed' // an incomplete signature, or not Base64
  | 'stale' // signed too long ago, or in the future
  | 'probe' // wrong on purpose: WeChat Pay tests whether we verify
  | 'keyless' // with a key that we do not have
  | 'forged' // not the signature of these bytes

/** Such a signature is wrong on purpose, and need not be Base64: it fails like any wrong signature. */
const probePrefix = 'WECHATPAY/SIGNTEST/'

/** WeChat Pay's own rule. Libraries differ on whether exactly 300 s passes; here it does not. */
const toleranceSecs = 300

interface VerifyOptions {
  readonly keys: Pick<KeyRing, 'find'>
  readonly now: Date
  readonly signal: AbortSignal
}

export async function verifySignature(
  signed: { headers: Headers; body: Uint8Array },
  options: VerifyOptions,
): Promise<Verification> {
  const screened = await screenSignature(signed.headers, options)
  if (screened.kind === 'rejected') return screened
  const { headers, signature, key } = screened
  if (!isSignatureOf(replyMessage(signed.body, headers), signature, key)) {
    return rejected('forged', 'its signature is wrong')
  }
  const signedAt = new Date(Number(headers.timestamp) * 1000)
  return { kind: 'valid', serial: headers.serial, signedAt, by: { headers, key } }
}

/** Signature headers that may be right: only the bytes can show whether they are. */
interface Screened {
  readonly kind: 'screened'
  readonly headers: SignatureHeaders
  readonly signature: Buffer
  readonly key: KeyObject
}

/** Checks everything that can be checked without the body. */
export async function screenSignature(
  headers: Headers,
  { keys, now, signal }: VerifyOptions,
): Promise<Screened | Rejection> {
  const read = readSignatureHeaders(headers)
  if (read === null) return rejected('unsigned', 'it is not signed')
  if (read === 'malformed') return rejected('malformed', 'its signature headers are not complete')
  const signature = fromBase64(read.signature)
  const defect = defectOf(read, now) ?? (signature ? null : notBase64)
  if (defect || !signature) return defect ?? notBase64
  const finding = await keys.find(read.serial, signal)
  if (finding.kind === 'missing') {
    const { message, systemic, why } = finding
    return { ...rejected('keyless', message), systemic, why }
  }
  return { kind: 'screened', headers: read, signature, key: finding.key }
}

/** What is wrong with signature headers whatever the key is. Checked first, because a key may have to be fetched. */
function defectOf(headers: SignatureHeaders, now: Date): Rejection | null {
  const aheadSecs = Number(headers.timestamp) - now.getTime() / 1000
  if (Math.abs(aheadSecs) >= toleranceSecs) {
    const off = Math.round(Math.abs(aheadSecs))
    return rejected('stale', `its timestamp is ${off} s ${aheadSecs < 0 ? 'old' : 'ahead'}`)
  }
  return headers.signature.startsWith(probePrefix)
    ? rejected('probe', 'it is a signature probe')
    : null
}

type Rejection = Extract<Verification, { kind: 'rejected' }>

const notBase64 = rejected('malformed', 'its signature is not Base64')

function rejected(defect: Defect, message: string): Rejection {
  return { kind: 'rejected', defect, message, systemic: false }
}
