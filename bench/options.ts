import { parseArgs } from 'node:util'
import { type Size, type StoreKind, stores } from './part.ts'
import { parts } from './parts.ts'

export interface BenchOptions {
  /** Names of parts. */
  readonly parts: readonly string[]
  readonly stores: readonly StoreKind[]
  readonly size: Size
  readonly repetitions: number
  readonly out: string
}

const names = parts.map(({ name }) => name)

const repetitionsOf: Readonly<Record<Size, number>> = { full: 5, quick: 3, tiny: 1 }

export const usage = `npm run bench -- [options]
  --quick            smaller tables and fewer repetitions: about ten minutes
  --only PARTS       names from the list below, separated by commas
  --store STORES     ${stores.join(', ')}, separated by commas
  --repetitions N    default ${repetitionsOf.full}, quick ${repetitionsOf.quick}
  --out FILE         default bench/results/latest.json

Parts, with the number of their target in docs/performance.md:
${parts.map(({ name, target, about }) => `  ${String(target).padStart(2)}  ${name.padEnd(10)} ${about}`).join('\n')}`

/** Throws for unknown options and values. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: names.join(',') },
      store: { type: 'string', default: stores.join(',') },
      repetitions: { type: 'string' },
      out: { type: 'string', default: 'bench/results/latest.json' },
    },
  })
  const size = values.quick ? 'quick' : 'full'
  return {
    parts: listed('only', values.only, names),
    stores: listed('store', values.store, stores),
    size,
    repetitions: positive('repetitions', values.repetitions) ?? repetitionsOf[size],
    out: values.out,
  }
}

function listed<T extends string>(name: string, text: string, known: readonly T[]): readonly T[] {
  const chosen = text.split(',')
  const unlisted = chosen.find((each) => !known.some((one) => one === each))
  if (unlisted !== undefined) {
    throw new Error(`--${name} "${unlisted}" is not one of ${known.join(', ')}`)
  }
  return known.filter((each) => chosen.includes(each))
}

function positive(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} "${text}" is not a positive integer`)
  return Number(text)
}
