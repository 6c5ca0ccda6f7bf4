import { type RawBuilder, sql } from 'kysely'
import type { OrderKey } from '../../domain/order.ts'
import type { SignedWords } from '../../domain/trade.ts'
import { encryptWords } from '../../proof/evidence.ts'
import { type CreditToSeal, creditFacts } from '../../proof/facts.ts'
import { sealOf } from '../../proof/seal.ts'
import type { SequenceUse } from './sequences.ts'

/** A credit to be proved. `words`: null where there are none. */
export interface ToProve extends Omit<CreditToSeal, 'place' | 'evidence'> {
  readonly words: SignedWords | null
  readonly key: OrderKey
}

/** The row of a proof. `evidence` null: see `CreditToSeal`. */
interface Proof {
  readonly record: object
  readonly evidence: Buffer | null
}

/** Gives the credit its place in the sequence, and its seal. */
function proofOf(use: SequenceUse, credit: ToProve, today: string): Proof {
  const { key } = use
  const place = use.placeOn(today)
  const evidence = credit.words && encryptWords(key, credit.words, credit)
  const seal = sealOf(key, 'credit', creditFacts({ ...credit, place, evidence }))
  use.count(place, { ...credit, seal })
  const record = { order_no: credit.key, key_id: key.id, ...place, seal }
  return { record, evidence }
}

/** Parts of the crediting statement, after `paid`: the proof of each credit, and the counts. */
export function proofParts(
  use: SequenceUse,
  credits: readonly ToProve[],
  today: string,
): RawBuilder<unknown> {
  const proofs = credits.map((credit) => proofOf(use, credit, today))
  const { sequence, days } = use.records()
  return sql`, proved as (${insertProofs(proofs)}),
    counted as (${countSequence(sequence)}), totals as (${countDays(days)})`
}

/**
 * All evidence is one parameter, of bytes, that each row takes its part of: in the records it would be
 * encoded twice.
 */
function insertProofs(proofs: readonly Proof[]): RawBuilder<unknown> {
  let start = 1
  const records = proofs.map(({ record, evidence }) => {
    const length = evidence?.length ?? null
    const located = { ...record, start, length }
    start += length ?? 0
    return located
  })
  const evidence = Buffer.concat(proofs.flatMap((proof) => proof.evidence ?? []))
  return sql`
    insert into proofs (order_no, key_id, evidence, sequence, place, day, seal)
    select proof.order_no, proof.key_id, substring(${evidence}::bytea from proof.start for proof.length),
      proof.sequence, proof.place, proof.day, proof.seal
    from json_to_recordset(${JSON.stringify(records)}::json) as proof (
      order_no text, key_id text, start integer, length integer, sequence integer, place bigint, day text,
      seal text
    )
    join paid using (order_no)`
}

/** The counts are written as they have to be: a row that somebody has changed is put right. */
export function countSequence(sequence: object): RawBuilder<unknown> {
  return sql`
    insert into proof_sequences (sequence, credits, seal)
    select sequence, credits, seal
    from json_to_record(${JSON.stringify(sequence)}::json)
      as counted (sequence integer, credits bigint, seal text)
    on conflict (sequence) do update set credits = excluded.credits, seal = excluded.seal`
}

export function countDays(days: readonly object[]): RawBuilder<unknown> {
  return sql`
    insert into proof_days (sequence, day, gateway, mchid, credits, amount, sum, seal)
    select sequence, day, gateway, mchid, credits, amount, sum, seal
    from json_to_recordset(${JSON.stringify(days)}::json) as total (
      sequence integer, day text, gateway text, mchid text, credits bigint, amount numeric,
      sum numeric, seal text
    )
    on conflict (sequence, day, gateway, mchid) do update set
      credits = excluded.credits, amount = excluded.amount, sum = excluded.sum, seal = excluded.seal`
}

/** The day in Shanghai, as WeChat Pay and its bills count days. */
export function dayOf(now: Date): string {
  return new Date(+now + shanghaiMs).toISOString().slice(0, 10)
}

const shanghaiMs = 8 * 3_600_000
