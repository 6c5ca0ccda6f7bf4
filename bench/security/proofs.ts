/** Measures what the proof of a credit costs, and how fast all proofs are verified. */
import { createPublicKey, verify } from 'node:crypto'
import { verifyCredits } from '../../src/audit/verify.ts'
import type { ProofKey } from '../../src/config/config.ts'
import { wordReaders } from '../../src/desk.ts'
import type { OrderKey } from '../../src/domain/order.ts'
import { decryptWords } from '../../src/proof/evidence.ts'
import { ProofKeys } from '../../src/proof/keys.ts'
import { openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'
import { configOf } from '../../test/support/world.ts'
import { type Figure, figure } from '../figure.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { Laptimes, time } from '../measure/stopwatch.ts'
import { assertPaid, fillPending, paidOrders, vacuum } from '../orders.ts'
import { firstRepetition, type Part, type Size } from '../part.ts'
import { proofKeys, sealAll } from './proof-keys.ts'

const sizes: Readonly<Record<Size, { readonly orders: number; readonly slice: number }>> = {
  full: { orders: 5000, slice: 250 },
  quick: { orders: 1000, slice: 250 },
  tiny: { orders: 12, slice: 6 },
}

export const proofs: Part = {
  name: 'proofs',
  target: 18,
  about: 'credits with proofs, of credits without; and how fast proofs are verified',
  async bench(stage) {
    const { orders, slice } = sizes[stage.size]
    const gateway = await stage.gateway()
    const proving = await openSide(await stage.freshDatabase('postgres'), {
      gateway,
      slice,
      proofKeys,
    })
    const bare = await openSide(await stage.freshDatabase('postgres'), {
      gateway,
      slice,
      proofKeys: [],
    })
    const laps: Lap[] = []
    try {
      for (let nth = firstRepetition(stage); nth <= stage.repetitions; nth += 1) {
        const credited = await creditOnBoth(
          { proving, bare, gateway },
          { first: orders * nth, orders, slice },
        )
        const verified = await verifyBoth(proving.store)
        if (nth > 0) laps.push({ ...credited, ...verified })
      }
    } finally {
      await proving.budan.close()
      await bare.budan.close()
    }
    return figuresOf(laps)
  },
}

interface Side {
  readonly database: Database
  readonly store: Store
  readonly budan: Awaited<ReturnType<typeof openService>>
}

interface SideOptions {
  readonly gateway: InstantGateway
  readonly slice: number
  readonly proofKeys: readonly ProofKey[]
}

async function openSide(
  database: Database,
  { gateway, slice, proofKeys: keys }: SideOptions,
): Promise<Side> {
  const store = storeOn(database, { proofKeys: keys })
  const { url, merchant } = gateway
  const recharge = { compensationBatchSize: slice, compensationConcurrency: 50 }
  const config = configOf({ url }, { merchant, recharge })
  const log = { level: 'silent', format: 'json' } as const
  return { database, store, budan: await openService({ ...config, log }, { store }) }
}

interface Lap {
  readonly withProofs: number
  readonly without: number
  readonly verified: number
  readonly floor: number
}

/** Slices are credited in turn, so that other load on the machine affects both alike. */
async function creditOnBoth(
  { proving, bare, gateway }: { proving: Side; bare: Side; gateway: InstantGateway },
  { first, orders, slice }: { first: number; orders: number; slice: number },
): Promise<Pick<Lap, 'withProofs' | 'without'>> {
  const { mchid, appid } = gateway.merchant
  const range = { first, count: orders, mchid, appid }
  for (const { database } of [proving, bare]) {
    await fillPending(database, { ...range, age: 'an hour ago' })
    await vacuum(database)
  }
  await sealAll(proving.store)
  await gateway.sign(paidOrders(range))
  const laps = { proving: new Laptimes(), bare: new Laptimes() }
  for (let done = 0; done < orders; done += slice) {
    const both = [
      () => time(slice, () => runOnce(proving, slice)).then((lap) => laps.proving.add(lap)),
      () => time(slice, () => runOnce(bare, slice)).then((lap) => laps.bare.add(lap)),
    ]
    for (const run of (done / slice) % 2 === 0 ? both : both.reverse()) await run()
  }
  await assertPaid(proving.database, range)
  await assertPaid(bare.database, range)
  return { withProofs: laps.proving.rate, without: laps.bare.rate }
}

async function runOnce({ budan }: Side, slice: number): Promise<void> {
  const { run } = await budan.run({ dryRun: false })
  if (run.success !== slice) {
    throw new Error(`A run of ${slice} orders came to ${JSON.stringify(run.outcomes)}`)
  }
}

const keys = new ProofKeys(proofKeys)

async function verifyBoth(store: Store): Promise<Pick<Lap, 'verified' | 'floor'>> {
  const { sequences } = await store.proofCounts()
  const count = sequences.reduce((sum, { credits }) => sum + credits, 0)
  const floor = new Laptimes()
  const verified = new Laptimes()
  for (const round of [0, 1, 2, 3]) {
    const both = [
      () => time(count, () => bareVerify(store)).then((lap) => floor.add(lap)),
      () => time(count, () => verifyAll(store, count)).then((lap) => verified.add(lap)),
    ]
    for (const run of round % 2 === 0 ? both : both.reverse()) await run()
  }
  return { verified: verified.rate, floor: floor.rate }
}

async function verifyAll(store: Store, count: number): Promise<void> {
  const found = await verifyCredits(store, { keys, readWords: wordReaders([]) })
  if (found.credits !== count || found.unproven + found.unverifiable > 0) {
    throw new Error(`Of ${count} credits these are not proven: ${JSON.stringify(found)}`)
  }
}

/** Fetching, decrypting and the signature alone. */
async function bareVerify(store: Store): Promise<void> {
  const key = keys.current
  let after: OrderKey | null = null
  let signer: ReturnType<typeof createPublicKey> | null = null
  for (;;) {
    const page = await store.creditsToVerify({ after, limit: 500 })
    for (const { key: orderNo, transfer, proof } of page) {
      const { gateway, mchid } = transfer
      const words =
        key && proof?.evidence && decryptWords(key, proof.evidence, { gateway, mchid, orderNo })
      if (!words) throw new Error(`Order ${orderNo} has no evidence`)
      const { body = '', timestamp, nonce, signature = '', key: spki = '' } = words
      signer ??= createPublicKey({ key: Buffer.from(spki, 'base64'), type: 'spki', format: 'der' })
      const message = Buffer.from(`${timestamp}\n${nonce}\n${body}\n`)
      if (!verify('RSA-SHA256', message, signer, Buffer.from(signature, 'base64'))) {
        throw new Error(`The signature of order ${orderNo} is wrong`)
      }
    }
    const last = page.at(-1)
    if (last === undefined || page.length < 500) return
    after = last.key
  }
}

function figuresOf(laps: readonly Lap[]): readonly Figure[] {
  const each = (pick: (lap: Lap) => number) => laps.map(pick)
  return [
    figure('orders credited by runs with proofs, of without', {
      unit: 'ratio',
      values: each(({ withProofs, without }) => withProofs / without),
      goal: { kind: 'at least', value: 0.9 },
    }),
    figure('credits verified, of fetching, decrypting and the bare verification of the signature', {
      unit: 'ratio',
      values: each(({ verified, floor }) => verified / floor),
      goal: { kind: 'at least', value: 0.7 },
    }),
    figure('orders credited a second with proofs', {
      unit: '1/s',
      values: each((lap) => lap.withProofs),
    }),
    figure('credits verified a second', { unit: '1/s', values: each((lap) => lap.verified) }),
  ]
}
