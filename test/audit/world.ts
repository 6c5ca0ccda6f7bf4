import { sql } from 'kysely'
import { expect } from 'vitest'
import { type Verified, verifyCredits } from '../../src/audit/verify.ts'
import type { ProofKey } from '../../src/config/config.ts'
import { wechatFacts } from '../../src/gateway/wechat/facts.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { ProofKeys } from '../../src/proof/keys.ts'
import { type Settleable, settle } from '../../src/settle/settle.ts'
import { storeOn } from '../../src/store/assemble.ts'
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
    wechatFacts.readWords?.(words) ?? null
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

/** As a process that starts later, with these keys. */
export function laterStore({ database, now }: ProvedWorld, proofKeys = testProofKeys): Store {
  return storeOn(database, { clock: now, proofKeys })
}

/** Credits an adopted order by a query, through another store than the world's. */
export async function creditBy(store: Store, world: ProvedWorld, orderNo: string): Promise<void> {
  const { settling, answer } = await queried(world, orderNo)
  const settled = await settle({ ...settling, store }, answer)
  expect(settled?.order.status).toBe('paid')
}

/** Has an adopted order paid, and queries it. */
export async function queried(world: ProvedWorld, orderNo: string): Promise<Settleable> {
  world.control.pay(orderNo)
  const [merchant] = world.config.merchants
  if (merchant === undefined) throw new Error('No merchant')
  const emit = () => undefined
  const gateway = createWechatGateway(merchant, { emit, clock: world.now })
  const { key } = await world.order(orderNo)
  const answer = await gateway.query(orderNo)
  await gateway.stop()
  const by = { source: 'compensation', runId: null, waitFrom: null } as const
  const { policy } = world.budan
  return {
    settling: { store: world.store, policy, emit, node: 'later' },
    answer: { key, answer, by },
  }
}
