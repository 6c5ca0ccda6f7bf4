import { sql } from 'kysely'
import { type Verified, verifyCredits } from '../../src/audit/verify.ts'
import type { ProofKey } from '../../src/config/config.ts'
import { wechatFacts } from '../../src/gateway/wechat/facts.ts'
import { ProofKeys } from '../../src/proof/keys.ts'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'
import { freshDatabase, type StoreKind, testProofKeys } from '../support/stores.ts'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'

export interface ProvedWorld extends World {
  readonly database: Database
  verify(keys?: readonly ProofKey[]): Promise<Verified>
  /** The counts alone: unproven, unverifiable, of before. */
  counts(keys?: readonly ProofKey[]): Promise<readonly [number, number, number]>
  /** Runs statements with all triggers and foreign keys off, as who owns the database can. */
  attack(...statements: readonly string[]): Promise<void>
  /** Adopts an order, has it paid, and credits it by a query or by its callback. */
  credit(orderNo: string, how?: 'query' | 'callback'): Promise<void>
}

export interface ProvedWorldOptions extends Pick<WorldOptions, 'onPaid'> {
  readonly proofKeys?: readonly ProofKey[]
}

export async function openProvedWorld(
  kind: StoreKind,
  { proofKeys = testProofKeys, ...options }: ProvedWorldOptions = {},
): Promise<ProvedWorld> {
  let now = () => new Date('2026-01-24T07:00:00Z')
  const { store, database } = await freshDatabase(kind, { clock: () => now(), proofKeys })
  const world = await openWorld({ store, ...options })
  now = world.now
  const verify = (keys = proofKeys) => verifyStore(store, keys)
  return {
    ...world,
    database,
    verify,
    counts: async (keys) => {
      const { unproven, unverifiable, unprovenOld } = await verify(keys)
      return [unproven, unverifiable, unprovenOld]
    },
    attack: (...statements) => attackOn(database, statements),
    credit: async (orderNo, how = 'query') => {
      await world.adopt(orderNo)
      world.control.pay(orderNo)
      if (how === 'query') await world.budan.checkOrder(orderNo)
      else await world.budan.receiveCallback(await world.callback(orderNo))
      if ((await world.order(orderNo)).status !== 'paid') throw new Error(`${orderNo} is not paid`)
    },
  }
}

export function verifyStore(store: Store, keys: readonly ProofKey[]): Promise<Verified> {
  const readWords = (words: Parameters<NonNullable<typeof wechatFacts.readWords>>[0]) =>
    wechatFacts.readWords?.(words) ?? Promise.resolve(null)
  return verifyCredits(store, { keys: new ProofKeys(keys), readWords: () => readWords })
}

export function attackOn({ db }: Database, statements: readonly string[]): Promise<void> {
  return db.connection().execute(async (connection) => {
    await sql`set session_replication_role = replica`.execute(connection)
    try {
      for (const statement of statements) await sql.raw(statement).execute(connection)
    } finally {
      await sql`set session_replication_role = origin`.execute(connection)
    }
  })
}
