/** Measures whether the memory of an audit grows with the number of credits. */
import { verifyCredits } from '../../src/audit/verify.ts'
import { wordReaders } from '../../src/desk.ts'
import { ProofKeys } from '../../src/proof/keys.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Store } from '../../src/store/store.ts'
import { type Figure, figure } from '../figure.ts'
import { fillPending, payAll, vacuum } from '../orders.ts'
import type { Part, Size, Stage } from '../part.ts'
import { proofKeys } from './proof-keys.ts'

const creditsOf: Readonly<Record<Size, number>> = { full: 1_000_000, quick: 50_000, tiny: 2000 }

export const proofMemory: Part = {
  name: 'proof-memory',
  target: 18,
  about: 'the memory of an audit of all proofs',
  async bench(stage) {
    const credits = creditsOf[stage.size]
    const store = await sealedStore(stage, credits)
    const samples: { readonly done: number; readonly megabytes: number }[] = []
    const started = performance.now()
    const found = await verifyCredits(store, {
      keys: new ProofKeys(proofKeys),
      readWords: wordReaders([]),
      onProgress: (done) => samples.push({ done, megabytes: process.memoryUsage().rss / 1e6 }),
    })
    const seconds = (performance.now() - started) / 1000
    if (found.unprovenOld !== credits) throw new Error(`Found ${JSON.stringify(found)}`)
    const peakFrom = (from: number, to: number) =>
      Math.max(
        ...samples
          .filter(({ done }) => done > from * credits && done <= to * credits)
          .map(({ megabytes }) => megabytes),
      )
    return figuresOf({ credits, seconds, second: peakFrom(0.25, 0.5), last: peakFrom(0.75, 1) })
  },
}

/** Credits from before there were proofs: sealed, without words. */
async function sealedStore(stage: Stage, count: number): Promise<Store> {
  const database = await stage.freshDatabase('postgres')
  const store = storeOn(database, { proofKeys })
  const { merchant } = await stage.gateway()
  const range = { first: 0, count, mchid: merchant.mchid, appid: merchant.appid }
  await fillPending(database, { ...range, age: 'an hour ago' })
  await payAll(database, range)
  await vacuum(database)
  let portion = await store.sealOld(null)
  while (portion?.next) portion = await store.sealOld(portion.next)
  return store
}

interface Measured {
  readonly credits: number
  readonly seconds: number
  /** Megabytes, of the second quarter of the credits and of the last one. */
  readonly second: number
  readonly last: number
}

function figuresOf({ credits, seconds, second, last }: Measured): readonly Figure[] {
  return [
    figure(`an audit of ${credits} credits: memory in the last quarter, of that in the second`, {
      unit: 'ratio',
      values: [last / second],
      goal: { kind: 'at most', value: 1.1 },
    }),
    figure('its peak memory, with that of the bench', {
      unit: 'MB',
      values: [Math.max(second, last)],
    }),
    figure('credits of before verified a second', { unit: '1/s', values: [credits / seconds] }),
  ]
}
