import { sql } from 'kysely'
import {
  brokenOnceMore,
  continuedFrom,
  headFacts,
  headFits,
  type ProofHead,
  type SealedHead,
} from '../../proof/head.ts'
import type { DerivedKey, ProofKeys } from '../../proof/keys.ts'
import { sealOf } from '../../proof/seal.ts'
import { type Connection, firstOf, readValue } from '../database.ts'

export const headColumns = sql`sequences, broken, events_to::text as "eventsTo", former, seal`

/** To verify the head with, and to seal it anew. */
export interface HeadKeys {
  readonly keys: ProofKeys
  readonly key: DerivedKey
}

/** The row is held until the transaction ends. A head that does not fit is counted as broken, and stays so. */
export async function changeHead(
  db: Connection,
  { keys, key }: HeadKeys,
  change: (head: ProofHead) => ProofHead,
): Promise<ProofHead> {
  const found = await lockedHead(db, key)
  const highest = await highestSequence(db)
  const head = continuedFrom(keys, found)
  const isLow = highest > found.sequences
  const changed = change({
    ...head,
    sequences: Math.max(Math.min(found.sequences, highest + goneMax), highest),
    broken: isLow ? brokenOnceMore(head) : head.broken,
  })
  await writeHead(db, key, changed)
  return changed
}

/** More sequences than this are not opened and deleted: the number was made up, and the next must fit its column. */
const goneMax = 1_000_000

/**
 * Whether nobody but budan has written the head. Without one, there must be no sequence either; both are
 * read at one moment, because the first credit may write both meanwhile.
 */
export async function isHeadWhole(db: Connection, keys: ProofKeys): Promise<boolean> {
  const row = await firstOf(
    db,
    sql<{ readonly head: SealedHead | null; readonly highest: number | null }>`
      select (
        select row_to_json(found) from (select ${headColumns} from proof_head) found
      ) as head, (select max(sequence) from proof_sequences) as highest`,
  )
  const head = row?.head ?? null
  if (head === null) return (row?.highest ?? 0) === 0
  return head.broken === 0 && headFits(keys, head).every((fit) => fit === 'fits')
}

async function lockedHead(db: Connection, key: DerivedKey): Promise<SealedHead> {
  const found = () =>
    firstOf(db, sql<SealedHead>`select ${headColumns} from proof_head where only_one for update`)
  const held = await found()
  if (held !== null) return held
  // A head that was deleted leaves sequences behind.
  const broken = (await highestSequence(db)) > 0 ? 1 : 0
  const first = { sequences: 0, broken, eventsTo: null, former: null }
  await sql`
    insert into proof_head (only_one, sequences, broken, events_to, seal)
    values (true, 0, ${broken}, null, ${sealOf(key, 'head', headFacts(first))})
    on conflict do nothing`.execute(db)
  const made = await found()
  if (made === null) throw new TypeError('The head of the proofs cannot be read after its insert')
  return made
}

async function writeHead(db: Connection, key: DerivedKey, head: ProofHead): Promise<void> {
  const { sequences, broken, eventsTo, former } = head
  await sql`
    update proof_head set sequences = ${sequences}, broken = ${broken}, events_to = ${eventsTo}::bigint,
      former = ${former}, seal = ${sealOf(key, 'head', headFacts(head))}`.execute(db)
}

function highestSequence(db: Connection): Promise<number> {
  return readValue(db, sql`(select coalesce(max(sequence), 0) from proof_sequences)`)
}
