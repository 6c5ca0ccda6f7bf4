import { createCipheriv, createPrivateKey, randomBytes } from 'node:crypto'
import { type PaidOrder, paidTrade, type Signatory, sealOf } from '../gateway/answers.ts'

/** The keys that sign the notifications and encrypt their content. */
export interface Sender extends Signatory {
  readonly apiV3Key: string
}

/**
 * One complete HTTP request for each order, encrypted and signed now as by WeChat Pay; valid for
 * five minutes.
 */
export function notificationsOf(
  orders: readonly PaidOrder[],
  { sender, host }: { sender: Sender; host: string },
): readonly Buffer[] {
  const key = createPrivateKey(sender.privateKey)
  return orders.map((order) => {
    const body = JSON.stringify({
      id: `EV-${order.transactionId}`,
      create_time: '2026-01-24T12:01:00+08:00',
      resource_type: 'encrypt-resource',
      event_type: 'TRANSACTION.SUCCESS',
      summary: '支付成功',
      resource: sealed(JSON.stringify(paidTrade(order, sender)), sender),
    })
    const headers = [
      'POST /v1/callbacks/wechatpay HTTP/1.1',
      `Host: ${host}`,
      'Content-Type: application/json',
      'Accept: */*',
      'User-Agent: Mozilla/4.0',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...sealOf(body, { signatory: sender, key }),
    ]
    return Buffer.from(`${headers.join('\r\n')}\r\n\r\n${body}`)
  })
}

function sealed(text: string, { apiV3Key }: Sender) {
  const nonce = randomBytes(6).toString('hex')
  const associatedData = 'transaction'
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce))
  cipher.setAAD(Buffer.from(associatedData))
  const parts = [cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
  return {
    original_type: 'transaction',
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: Buffer.concat(parts).toString('base64'),
    associated_data: associatedData,
    nonce,
  }
}
