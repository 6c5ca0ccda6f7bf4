import { parseArgs } from 'node:util'

export const parts = ['crediting', 'claiming', 'pages', 'serve', 'memory'] as const
export type Part = (typeof parts)[number]

export const stores = ['pglite', 'postgres'] as const
export type StoreKind = (typeof stores)[number]

export interface BenchOptions {
  readonly parts: readonly Part[]
  readonly stores: readonly StoreKind[]
  readonly out: string
  readonly repetitions: number
  /** Of each crediting measurement. */
  readonly orders: number
  /** Orders of one run. */
  readonly slice: number
  readonly concurrency: number
  /** `info`: with the log lines of production, on standard error. */
  readonly logLevel: 'silent' | 'info'
  readonly claiming: Readonly<
    Record<StoreKind, { readonly small: number; readonly large: number; readonly claims: number }>
  >
  readonly pages: Readonly<
    Record<StoreKind, { readonly small: number; readonly large: number; readonly requests: number }>
  >
  readonly serveOrders: number
  readonly memoryOrders: number
}

/**
 * 5 at a time is what a run does by default. A table of claims must hold
 * 50 orders × claims × (repetitions + 1).
 */
const full = {
  repetitions: 5,
  orders: 3000,
  slice: 250,
  concurrency: 5,
  claiming: {
    pglite: { small: 10_000, large: 100_000, claims: 30 },
    postgres: { small: 10_000, large: 1_000_000, claims: 30 },
  },
  pages: {
    pglite: { small: 10_000, large: 1_000_000, requests: 40 },
    postgres: { small: 10_000, large: 1_000_000, requests: 40 },
  },
  serveOrders: 10_000,
  memoryOrders: 500,
}

const quick = {
  ...full,
  repetitions: 3,
  orders: 1000,
  claiming: {
    pglite: { small: 5_000, large: 50_000, claims: 20 },
    postgres: { small: 5_000, large: 200_000, claims: 20 },
  },
  pages: {
    pglite: { small: 5_000, large: 50_000, requests: 20 },
    postgres: { small: 5_000, large: 200_000, requests: 20 },
  },
}

export const usage = `npm run bench -- [options]
  --quick            fewer repetitions, orders and rows
  --only PARTS       ${parts.join(', ')}; separated by commas
  --store STORES     ${stores.join(', ')}; separated by commas
  --orders N         of each crediting measurement, rounded up to whole runs of 250
  --concurrency N    questions and transactions at a time
  --repetitions N
  --log LEVEL        silent or info: info adds the log lines of a run, on standard error
  --out FILE         default bench/results/latest.json`

/** Throws for what it does not know. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: parts.join(',') },
      store: { type: 'string', default: stores.join(',') },
      orders: { type: 'string' },
      concurrency: { type: 'string' },
      repetitions: { type: 'string' },
      log: { type: 'string', default: 'silent' },
      out: { type: 'string', default: 'bench/results/latest.json' },
    },
  })
  const size = values.quick ? quick : full
  const slices = Math.ceil((positive('orders', values.orders) ?? size.orders) / size.slice)
  return {
    ...size,
    parts: listed('only', values.only, parts),
    stores: listed('store', values.store, stores),
    orders: slices * size.slice,
    concurrency: positive('concurrency', values.concurrency) ?? size.concurrency,
    repetitions: positive('repetitions', values.repetitions) ?? size.repetitions,
    logLevel: listed('log', values.log, ['silent', 'info'] as const)[0] ?? 'silent',
    out: values.out,
  }
}

function listed<T extends string>(name: string, text: string, known: readonly T[]): readonly T[] {
  const chosen = text.split(',')
  const stranger = chosen.find((each) => !known.some((one) => one === each))
  if (stranger !== undefined) {
    throw new Error(`--${name} "${stranger}" is not one of ${known.join(', ')}`)
  }
  return known.filter((each) => chosen.includes(each))
}

function positive(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} "${text}" is not a positive integer`)
  return Number(text)
}
