import type { OpenedCallback, RawCallback } from '../../../src/gateway/gateway.ts'
import { maskTrade } from '../../../src/gateway/wechat/evidence.ts'
import { readTrade } from '../../../src/gateway/wechat/trade-body.ts'

/** In place of a signature, this header says whether the callback is genuine. */
const verdictHeader = 'wechatpay-signature'

/** Whose keys it is signed and encrypted with. */
const keyHeader = 'wechatpay-serial'

export interface Notification {
  readonly id: string
  readonly type: string
  readonly trade: object
}

export function rawCallback(
  notification: Notification,
  { verdict, keyId }: { verdict: 'genuine' | 'forged'; keyId: string },
): RawCallback {
  return {
    headers: { [verdictHeader]: verdict, [keyHeader]: keyId },
    body: Buffer.from(JSON.stringify(notification)),
  }
}

/** Opens a callback as the production gateway does, without the cryptography. */
export function openNotification(
  { headers, body }: RawCallback,
  { mchid, keyId }: { mchid: string; keyId: string },
): OpenedCallback {
  if (headers[verdictHeader] !== 'genuine') return rejected(401, 'its signature is wrong')
  if (headers[keyHeader] !== keyId) return rejected(401, 'it is signed with an unknown key')
  const { id, type, trade } = JSON.parse(Buffer.from(body).toString()) as Notification
  if (type !== 'TRANSACTION.SUCCESS') return rejected(400, `not a payment: ${type}`)
  const read = readTrade(trade)
  if (read?.state !== 'paid') return rejected(400, 'not a paid trade')
  if (read.mchid !== mchid) return rejected(400, 'a payment of another merchant')
  const evidence = { event_id: id, event_type: type, trade: maskTrade(trade) }
  const words = { body: JSON.stringify(trade) }
  return { kind: 'opened', answer: { kind: 'trade', trade: read, evidence, words } }
}

function rejected(status: number, reason: string): OpenedCallback {
  return { kind: 'rejected', status, reason }
}
