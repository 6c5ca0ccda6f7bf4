/**
 * Measures whether the cost of claims, checks, runs and pages stays the same as the tables grow.
 */
import { type Figure, figure, median } from '../figure.ts'
import { firstRepetition, type Part, type Size, type Stage, type StoreKind } from '../part.ts'
import { pendingOf, tidy } from './dataset.ts'
import { claimRepeatedly, degradationOf, type LongRun, slowestOf } from './long-run.ts'
import { costOfPages, type PageCost, worstOf } from './pages.ts'
import type { Pair } from './side-by-side.ts'
import { openSite, type Site } from './site.ts'
import { costOfWork, growthsOf, kinds, type Work } from './work.ts'

interface Amount {
  readonly small: number
  /** Fewer on the embedded database, which is meant for smaller installations. */
  readonly large: Readonly<Record<StoreKind, number>>
  readonly batch: number
  readonly claims: number
  readonly checks: number
  readonly runs: number
  /** Requests of each page. */
  readonly requests: number
  /** Claims in a row, on PostgreSQL. */
  readonly longRun: number
}

const sizes: Readonly<Record<Size, Amount>> = {
  full: {
    small: 10_000,
    large: { postgres: 10_000_000, pglite: 1_000_000 },
    ...{ batch: 50, claims: 8, checks: 20, runs: 5, requests: 20, longRun: 20_000 },
  },
  quick: {
    small: 10_000,
    large: { postgres: 200_000, pglite: 50_000 },
    ...{ batch: 50, claims: 6, checks: 8, runs: 3, requests: 8, longRun: 200 },
  },
  tiny: {
    small: 400,
    large: { postgres: 800, pglite: 800 },
    ...{ batch: 5, claims: 2, checks: 1, runs: 1, requests: 1, longRun: 8 },
  },
}

/**
 * Largest ratio of a cost with the large table to that with the small one, and of the last claims
 * to the first.
 */
const growthMax = 1.2

/** An operator does not notice a delay of this length. */
const p95MsMax = 100

export const flat: Part = {
  name: 'flat',
  target: 5,
  about: 'what claims, checks, runs and pages cost as the tables grow',
  async bench(stage) {
    const figures: Figure[] = []
    for (const kind of stage.stores) figures.push(...(await benchOn(stage, kind)))
    return figures
  },
}

async function benchOn(stage: Stage, kind: StoreKind): Promise<readonly Figure[]> {
  const amount = sizes[stage.size]
  const { repetitions } = stage
  const repeated = { first: firstRepetition(stage), repetitions }
  const gateway = await stage.gateway()
  const open = async (orders: number) => {
    const options = { orders, gateway, batch: amount.batch }
    const site = await openSite(await stage.freshDatabase(kind), options)
    return stage.closing.add(site, ({ close }) => close())
  }
  const sites: Pair<Site> = {
    small: await open(amount.small),
    large: await open(amount.large[kind]),
  }
  const work = await costOfWork(sites, { ...amount, ...repeated, gateway })
  const subject = { kind, small: amount.small, large: amount.large[kind] }
  const figures = [...figuresOfWork(subject, work)]
  if (kind === 'postgres') {
    const { longRun: claims, batch } = amount
    const run = await claimRepeatedly(sites.large, { claims, batch })
    figures.push(...figuresOfLongRun(run, { batch, repetitions }))
    await tidy(sites.large.database)
  }
  // Pages come last, because a request of the overview starts an audit, which reads whole tables.
  const pages = await costOfPages(sites, { ...amount, ...repeated })
  figures.push(...figuresOfPages(subject, pages))
  await sites.large.close()
  await sites.small.close()
  return figures
}

interface Subject {
  readonly kind: StoreKind
  readonly small: number
  readonly large: number
}

function figuresOfWork({ kind, small, large }: Subject, work: Work): readonly Figure[] {
  const amounts = `${large} orders, ${pendingOf(large)} pending, of ${small}, ${pendingOf(small)}`
  return kinds.flatMap((each) => [
    figure(`${kind}: ${each}, with ${amounts} pending`, {
      unit: 'ratio',
      values: growthsOf(work[each]),
      goal: { kind: 'at most', value: growthMax },
    }),
    figure(`${kind}: ${each}, with ${large} orders`, {
      unit: 'ms',
      values: work[each].map((laps) => median(laps.large)),
    }),
  ])
}

function figuresOfPages(
  { kind, small, large }: Subject,
  pages: readonly PageCost[],
): readonly Figure[] {
  const worst = worstOf(pages)
  return [
    figure(`${kind}: the page that grows most ("${worst.page}"), with ${large} of ${small}`, {
      unit: 'ratio',
      values: worst.growth,
      goal: { kind: 'at most', value: growthMax },
    }),
    ...pages.flatMap(({ page, growth, p95Ms }) => [
      figure(`${kind}: page "${page}", with ${large} of ${small}`, {
        unit: 'ratio',
        values: growth,
      }),
      figure(`${kind}: page "${page}" with ${large} orders, p95`, {
        unit: 'ms',
        values: p95Ms,
        goal: { kind: 'at most', value: p95MsMax },
      }),
    ]),
  ]
}

function figuresOfLongRun(
  run: LongRun,
  { batch, repetitions }: { batch: number; repetitions: number },
): readonly Figure[] {
  const claims = run.claimMs.length
  return [
    figure(`postgres: the last tenth of ${claims} claims of ${batch}, of the first tenth`, {
      unit: 'ratio',
      values: degradationOf(run, repetitions),
      goal: { kind: 'at most', value: growthMax },
    }),
    figure(`postgres: a claim among ${claims} of ${batch}, p99`, {
      unit: 'ms',
      values: [slowestOf(run)],
    }),
  ]
}
