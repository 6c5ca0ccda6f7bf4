import { generateKeyPairSync } from 'node:crypto'
import type { CheckedReply } from '../../../src/gateway/wechat/answer.ts'

/** A response as it arrives, and the result that its verification would have. */
export type SentReply = Pick<CheckedReply, 'reply' | 'verification'>

type Verification = CheckedReply['verification']

/** A date after all payments: no payment may be later than the answer that reports it. */
const valid: Verification = {
  kind: 'valid',
  serial: 'PUB_KEY_ID_01',
  signedAt: new Date('2099-12-31T00:00:00Z'),
  // Kept with the words of an answer. Nothing is signed here.
  by: {
    headers: { timestamp: '1', nonce: 'n', serial: 'PUB_KEY_ID_01', signature: 'none' },
    key: generateKeyPairSync('ed25519').publicKey,
  },
}

function rejected(defect: Extract<Verification, { kind: 'rejected' }>['defect'], systemic = false) {
  return { kind: 'rejected', defect, message: `it is ${defect}`, systemic } as const
}

function reply(status: number, body: string, verification: Verification): SentReply {
  return {
    reply: { kind: 'reply', status, headers: { 'request-id': 'SIM-1' }, body: Buffer.from(body) },
    verification,
  }
}

export function signed(status: number, body: object | null): SentReply {
  return reply(status, body === null ? '' : JSON.stringify(body), valid)
}

export function unsigned(status: number, body: object | string): SentReply {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return reply(status, text, rejected('unsigned'))
}

/** A plausible body whose signature does not verify. */
export function unverified(
  body: object,
  defect: 'forged' | 'stale' | 'unsigned' | 'probe',
): SentReply {
  return reply(200, JSON.stringify(body), rejected(defect))
}

export function keyless(body: object): SentReply {
  return reply(200, JSON.stringify(body), rejected('keyless', true))
}

export function signedGarbage(text: string): SentReply {
  return reply(200, text, valid)
}

export function absence(code: 'ORDER_NOT_EXIST' | 'ORDERNOTEXIST'): SentReply {
  return unsigned(404, { code, message: 'order does not exist' })
}

export function refusal(status: number, code: string): SentReply {
  return unsigned(status, { code, message: code.toLowerCase() })
}
