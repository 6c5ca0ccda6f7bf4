import type { Trade } from '../domain/trade.ts'
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
import { eventFacts, numberOf, ownerOfFirst } from '../store/proofs/sealed-events.ts'

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
  const { key, transfer, order, entries, proof } = credit
  if (!isSameFact(transfer, order) || !isAtItsDay(credit, isOld)) return 'wrong'
  if (entries.some(({ currency }) => currency !== transfer.currency)) return 'wrong'
  const facts = creditFacts({
    ...transfer,
    orderNo: numberOf(key),
    userId: order.userId,
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
  const same = ['gateway', 'mchid', 'appid', 'transactionId', 'amount', 'currency'] as const
  return (
    same.every((name) => transfer[name] === order[name]) &&
    timeOf(transfer.paidAt) === timeOf(order.paidAt)
  )
}

/** The database gives the time of a credit after it was sealed: two clocks differ by less than a day. */
function isAtItsDay({ transfer, order, entries, proof }: Found, isOld: boolean): boolean {
  const at = transfer.createdAt
  const isSame = [order.creditedAt, ...entries.map((entry) => entry.at)].every(
    (time) => timeOf(time) === +at,
  )
  // Midnight in Shanghai.
  const sealedOn = Date.parse(`${proof.day}T00:00:00+08:00`)
  return isSame && (isOld || (+at > sealedOn - dayMs && +at < sealedOn + 2 * dayMs))
}

const dayMs = 86_400_000

function timeOf(time: Date | null): number | null {
  return time === null ? null : +time
}

/** What was ordered, and by whom, as it was placed, adopted or corrected. */
function orderFit({ keys }: Verifying, { key, order }: Pick<Found, 'key' | 'order'>): SealFit {
  const kind = isOfKind(order.seal, 'old_order') ? 'old_order' : 'order'
  const facts = orderFacts({ ...order, orderNo: numberOf(key) })
  return sealFits(keys, order.seal, { kind, facts })
}

/**
 * What led to the credit was sealed with it; only what an order has from before can be without a seal. The
 * oldest event says where the order came from.
 */
function hasSealedEvents({ order, events }: CreditToVerify): boolean {
  const isOldOrder = isOfKind(order?.seal ?? null, 'old_order')
  const payments = events.filter(({ columns }) => columns.decision === 'pay')
  const isPaid = payments.length > 0 && payments.every(({ seal }) => seal !== null)
  return isPaid && (isOldOrder || events.some(({ columns }) => isFirst(columns)))
}

/**
 * Each correction left a sealed event and a former seal, so that neither can be taken back alone. Until an order
 * from before was sealed, there was the event alone.
 */
function hasItsCorrections({ eventsTo }: Verifying, { order, events }: CreditToVerify): boolean {
  const { seal = null, corrections = 0 } = order ?? {}
  const sealed = events.filter((event) => event.columns.kind === 'corrected' && event.seal !== null)
  if (!isOfKind(seal, 'old_order')) return sealed.length === corrections
  const later = sealed.filter(({ id }) => eventsTo !== null && id > eventsTo)
  return later.length <= corrections && corrections <= sealed.length
}

function isFirst({ kind }: SealedEvent['columns']): boolean {
  return kind === 'created' || kind === 'adopted'
}

function eventFit(
  { keys, eventsTo }: Verifying,
  { key, order, transfer, proof }: CreditToVerify,
  { id, seal, columns }: SealedEvent,
): SealFit {
  const isOfOldOrder =
    isOfKind(order?.seal ?? null, 'old_order') || isOfKind(proof?.seal ?? null, 'old_credit')
  if (seal === null && isOfOldOrder && eventsTo !== null && id <= eventsTo) return 'fits'
  const owner = isFirst(columns) ? ownerOfFirst({ ...transfer, orderNo: numberOf(key) }) : key
  return sealFits(keys, seal, { kind: 'event', facts: eventFacts(owner, columns) })
}

/** Whether the gateway's words say that exactly this was paid. */
function evidenceFits({ keys, readWords }: Verifying, { key, transfer, proof }: Found): boolean {
  const { gateway, mchid } = transfer
  const orderNo = numberOf(key)
  const read = readWords(gateway)
  if (proof.evidence === null) return read === null
  const cipher = keys.find(proof.keyId)
  if (cipher === null || read === null) return false
  const words = decryptWords(cipher, proof.evidence, { gateway, mchid, orderNo })
  const trade = words && read(words)
  return trade !== null && trade.orderNo === orderNo && isPaidBy(trade, transfer)
}

function isPaidBy(trade: Trade, transfer: TransferRow): boolean {
  const same = ['mchid', 'appid', 'transactionId', 'amount', 'currency'] as const
  return trade.state === 'paid' && same.every((name) => trade[name] === transfer[name])
}
