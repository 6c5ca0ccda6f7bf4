import type { WordReaders } from '../gateway/gateway.ts'
import { decryptWords } from '../proof/evidence.ts'
import { creditFacts, orderFacts } from '../proof/facts.ts'
import type { ProofKeys } from '../proof/keys.ts'
import { isOfKind, type SealFit, sealFits } from '../proof/seal.ts'
import type {
  CreditToVerify,
  OrderRow,
  ProofRow,
  SealedEvent,
  TransferRow,
} from '../store/proofs/proof-store.ts'
import { columnOf, ownerOfFirst } from '../store/proofs/sealed-events.ts'

/**
 *   proven         each part fits its seal, and the gateway's signed words say the same
 *   old            from before there were proofs, and as it was when it was sealed
 *   unverifiable   a key is missing, so that nothing can be said
 *   unproven       there is no proof, or something does not fit it
 */
export type Verdict = 'proven' | 'old' | 'unverifiable' | 'unproven'

export interface Verifying {
  readonly keys: ProofKeys
  readonly readWords: WordReaders
  /** The last order event of before there were proofs; null: that is not sealed yet. */
  readonly eventsTo: bigint | null
}

export function verifyCredit(verifying: Verifying, credit: CreditToVerify): Verdict {
  if (!isWhole(credit)) return 'unproven'
  const isOld = isOfKind(credit.proof.seal, 'old_credit')
  if (!isOld && !(hasSealedEvents(credit) && hasItsCorrections(verifying, credit)))
    return 'unproven'
  const fits = credit.events.map((event) => eventFit(verifying, credit, event))
  fits.push(creditFit(verifying, credit, isOld))
  if (!isOld) fits.push(orderFit(verifying, credit))
  if (fits.some((fit) => fit === 'wrong' || fit === 'missing')) return 'unproven'
  if (fits.includes('no_key')) return 'unverifiable'
  if (isOld) return 'old'
  return evidenceFits(verifying, credit) ? 'proven' : 'unproven'
}

interface Found extends CreditToVerify {
  readonly order: OrderRow
  readonly proof: ProofRow
}

function isWhole(credit: CreditToVerify): credit is Found {
  return credit.order !== null && credit.proof !== null
}

/** The transfer, its entries and the order, as they are now, against the seal. */
function creditFit({ keys }: Verifying, credit: Found, isOld: boolean): SealFit {
  const { orderNo, transfer, order, entries, proof } = credit
  if (!isSameFact(transfer, order) || !isAtItsDay(credit, isOld)) return 'wrong'
  if (entries.some(({ currency }) => currency !== transfer.currency)) return 'wrong'
  const facts = creditFacts({
    gateway: transfer.gateway,
    mchid: transfer.mchid,
    appid: transfer.appid,
    orderNo,
    userId: order.userId,
    amount: transfer.amount,
    currency: transfer.currency,
    transactionId: transfer.transactionId,
    paidAt: transfer.paidAt,
    creditedBy: order.creditedBy ?? '',
    entries: entries.map(({ account, amount }) => [account, amount]),
    place: proof,
    evidence: proof.evidence,
  })
  return isOld
    ? sealFits(keys, proof.seal, { kind: 'old_credit', facts: [...facts, +transfer.createdAt] })
    : sealFits(keys, proof.seal, { kind: 'credit', facts })
}

/** What the transfer and its order both have. */
function isSameFact(transfer: TransferRow, order: OrderRow): boolean {
  return (
    transfer.gateway === order.gateway &&
    isSamePayment(transfer, order) &&
    timeOf(transfer.paidAt) === timeOf(order.paidAt)
  )
}

type Payment = Pick<TransferRow, 'mchid' | 'appid' | 'transactionId' | 'amount' | 'currency'>

/** Without a list of names, which costs a tenth of the verification. */
function isSamePayment(
  one: Payment,
  other: { readonly [Name in keyof Payment]: Payment[Name] | null },
): boolean {
  return (
    one.mchid === other.mchid &&
    one.appid === other.appid &&
    one.transactionId === other.transactionId &&
    one.amount === other.amount &&
    one.currency === other.currency
  )
}

/** The database gives the time of a credit after it was sealed: two clocks differ by less than a day. */
function isAtItsDay({ transfer, order, entries, proof }: Found, isOld: boolean): boolean {
  const at = +transfer.createdAt
  if (timeOf(order.creditedAt) !== at || entries.some((entry) => +entry.at !== at)) return false
  // Midnight in Shanghai.
  const sealedOn = Date.parse(`${proof.day}T00:00:00+08:00`)
  return isOld || (at > sealedOn - dayMs && at < sealedOn + 2 * dayMs)
}

const dayMs = 86_400_000

function timeOf(time: Date | null): number | null {
  return time === null ? null : +time
}

/** What was ordered, and by whom, as it was placed, adopted or corrected. */
function orderFit({ keys }: Verifying, { orderNo, order }: Found): SealFit {
  const kind = isOfKind(order.seal, 'old_order') ? 'old_order' : 'order'
  const facts = orderFacts({
    gateway: order.gateway,
    mchid: order.mchid,
    appid: order.appid,
    orderNo,
    userId: order.userId,
    amount: order.amount,
    currency: order.currency,
    adopted: order.adopted,
    corrections: order.corrections,
  })
  return sealFits(keys, order.seal, { kind, facts })
}

/**
 * What led to the credit was sealed with it; only what an order has from before can be without a seal. The
 * oldest event says where the order came from.
 */
function hasSealedEvents({ order, events }: CreditToVerify): boolean {
  const isOldOrder = isOfKind(order?.seal ?? null, 'old_order')
  const payments = events.filter((event) => columnOf(event, 'decision') === 'pay')
  const isPaid = payments.length > 0 && payments.every(({ seal }) => seal !== null)
  return isPaid && (isOldOrder || events.some(isFirst))
}

/**
 * Each correction left a sealed event and a former seal, so that neither can be taken back alone. Until an order
 * from before was sealed, there was the event alone.
 */
function hasItsCorrections({ eventsTo }: Verifying, { order, events }: CreditToVerify): boolean {
  const { seal = null, corrections = 0 } = order ?? {}
  const sealed = events.filter(
    (event) => event.seal !== null && columnOf(event, 'kind') === 'corrected',
  )
  if (!isOfKind(seal, 'old_order')) return sealed.length === corrections
  const later = sealed.filter(({ id }) => eventsTo !== null && id > eventsTo)
  return later.length <= corrections && corrections <= sealed.length
}

function isFirst(event: SealedEvent): boolean {
  const kind = columnOf(event, 'kind')
  return kind === 'created' || kind === 'adopted'
}

function eventFit(
  { keys, eventsTo }: Verifying,
  { key, orderNo, order, transfer, proof }: CreditToVerify,
  event: SealedEvent,
): SealFit {
  const isOfOldOrder =
    isOfKind(order?.seal ?? null, 'old_order') || isOfKind(proof?.seal ?? null, 'old_credit')
  if (event.seal === null && isOfOldOrder && eventsTo !== null && event.id <= eventsTo)
    return 'fits'
  const owner = isFirst(event)
    ? ownerOfFirst({ gateway: transfer.gateway, mchid: transfer.mchid, orderNo })
    : key
  return sealFits(keys, event.seal, { kind: 'event', facts: [owner, ...event.columns] })
}

/** Whether the gateway's words say that exactly this was paid. */
function evidenceFits(
  { keys, readWords }: Verifying,
  { orderNo, transfer, proof }: Found,
): boolean {
  const { gateway, mchid } = transfer
  const read = readWords(gateway)
  if (proof.evidence === null) return read === null
  const cipher = keys.find(proof.keyId)
  if (cipher === null || read === null) return false
  const words = decryptWords(cipher, proof.evidence, { gateway, mchid, orderNo })
  const trade = words && read(words)
  return trade?.state === 'paid' && trade.orderNo === orderNo && isSamePayment(transfer, trade)
}
