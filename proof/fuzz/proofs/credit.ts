import { createPublicKey } from 'node:crypto'
import type { SignedWords } from '../../../src/domain/trade.ts'
import { encryptWords } from '../../../src/proof/evidence.ts'
import { creditFacts, orderFacts } from '../../../src/proof/facts.ts'
import { ProofKeys } from '../../../src/proof/keys.ts'
import { sealOf } from '../../../src/proof/seal.ts'
import type { CreditToVerify } from '../../../src/store/proofs/proof-store.ts'
import { eventFacts, ownerOfFirst, sealedColumns } from '../../../src/store/proofs/sealed-events.ts'
import { type Keys, presentSecs, signatureOf } from '../keys.ts'

export const proofKeys = new ProofKeys([
  { id: 'fuzz', secret: 'of the fuzzer, with 32 characters' },
])

const at = new Date('2026-10-01T08:30:00Z')

/** A credit as the tables have it, with its proof. */
export function provenCredit(keys: Keys): CreditToVerify {
  const { current: key } = proofKeys
  if (key === null) throw new Error('No key to seal with')
  const orderNo = 'RECH20261001000001'
  const { mchid, appid } = keys.merchant
  const merchant = { gateway: 'wechatpay', mchid, appid }
  const paid = {
    ...merchant,
    amount: 8800n,
    currency: 'CNY',
    transactionId: '4200002026',
    paidAt: at,
  }
  const ordered = { ...paid, orderNo, userId: 'u1', adopted: true }
  const entries = [
    ['gateway:wechatpay', -8800n],
    ['user:u1', 8800n],
  ] as const
  const evidence = encryptWords(key, wordsOf(keys, ordered), ordered)
  const place = { sequence: 1, place: 7, day: '2026-10-01' }
  const toSeal = { ...ordered, creditedBy: 'callback', entries, place, evidence }
  return {
    key: orderNo as CreditToVerify['key'],
    orderNo,
    transfer: { ...paid, createdAt: at },
    order: {
      ...paid,
      ...{ userId: 'u1', adopted: true, corrections: 0, creditedAt: at, creditedBy: 'callback' },
      seal: sealOf(key, 'order', orderFacts(ordered)),
    },
    proof: { ...place, keyId: key.id, evidence, seal: sealOf(key, 'credit', creditFacts(toSeal)) },
    entries: entries.map(([account, amount]) => ({ account, amount, currency: 'CNY', at })),
    events: [
      sealedEvent(ownerOfFirst(ordered), { id: 1n, kind: 'adopted' }),
      sealedEvent(orderNo, { id: 2n, kind: 'answered' }),
    ],
  }
}

type SealedEvent = CreditToVerify['events'][number]

function sealedEvent(owner: string, { id, kind }: { id: bigint; kind: string }): SealedEvent {
  const columns = {
    ...{ kind, source: 'callback', trade_state: 'SUCCESS', decision: 'pay', reason: 'as ordered' },
    ...{ reason_code: 'as_ordered', reason_params: null, alarm: 'false', evidence: '{"a":1}' },
    ...{ run_id: null, node: 'n', operator: null, actor_name: 'li', actor_address: '::1' },
  }
  const { current: key } = proofKeys
  return {
    id,
    columns: sealedColumns.map((name) => columns[name]),
    seal: key && sealOf(key, 'event', eventFacts(owner, columns)),
  }
}

interface Paid {
  readonly orderNo: string
  readonly mchid: string
  readonly appid: string
  readonly amount: bigint
  readonly transactionId: string
}

function wordsOf(
  { gateway }: Keys,
  { orderNo, mchid, appid, amount, transactionId }: Paid,
): SignedWords {
  const trade = {
    ...{ appid, mchid, out_trade_no: orderNo, transaction_id: transactionId },
    ...{ trade_state: 'SUCCESS', amount: { total: Number(amount), currency: 'CNY' } },
  }
  const body = JSON.stringify(trade)
  const stamp = { signer: gateway, nonce: 'n', timestamp: String(presentSecs) }
  const spki = createPublicKey(gateway.key).export({ type: 'spki', format: 'der' })
  return { body, ...signatureOf(Buffer.from(body), stamp), key: spki.toString('base64') }
}
