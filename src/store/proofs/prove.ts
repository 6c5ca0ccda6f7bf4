import { type RawBuilder, sql } from 'kysely'
import type { SignedWords } from '../../domain/trade.ts'
import { encryptWords } from '../../proof/evidence.ts'
import { type CreditToSeal, creditFacts } from '../../proof/facts.ts'
import { sealOf } from '../../proof/seal.ts'
import type { SequenceUse } from './sequences.ts'

/** A credit to be proved. `words`: null where there are none. */
export interface ToProve extends Omit<CreditToSeal, 'place' | 'evidence'> {
  readonly words: SignedWords | null
}

/** Gives the credit its place in the sequence, and its seal. */
export function proofRecord(use: SequenceUse, credit: ToProve, today: string): object {
  const { key } = use
  const place = use.placeOn(today)
  const evidence = credit.words && encryptWords(key, credit.words, credit)
  const seal = sealOf(key, 'credit', creditFacts({ ...credit, place, evidence }))
  use.count(place, { ...credit, seal })
  return {
    key_id: key.id,
    evidence: evidence?.toString('base64') ?? null,
    ...place,
    seal,
  }
}

/** Parts of the crediting statement: the proof of each row of `paid`, and the counts. */
export function insertProofs(records: string): RawBuilder<unknown> {
  return sql`
    insert into proofs (order_no, key_id, evidence, sequence, place, day, seal)
    select order_no, key_id, decode(evidence, 'base64'), sequence, place, day, seal
    from json_to_recordset(${records}::json) as proof (
      order_no text, key_id text, evidence text, sequence integer, place bigint, day text, seal text
    )
    join paid using (order_no)`
}

/** The counts are written as they have to be: a row that somebody has changed is put right. */
export function countSequence(use: SequenceUse): RawBuilder<unknown> {
  return sql`
    insert into proof_sequences (sequence, credits, seal)
    select sequence, credits, seal
    from json_to_record(${JSON.stringify(use.records().sequence)}::json)
      as counted (sequence integer, credits bigint, seal text)
    on conflict (sequence) do update set credits = excluded.credits, seal = excluded.seal`
}

export function countDays(use: SequenceUse): RawBuilder<unknown> {
  return sql`
    insert into proof_days (sequence, day, gateway, mchid, credits, amount, sum, seal)
    select sequence, day, gateway, mchid, credits, amount, sum, seal
    from json_to_recordset(${JSON.stringify(use.records().days)}::json) as total (
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
