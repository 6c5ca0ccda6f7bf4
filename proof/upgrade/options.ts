import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'

export interface UpgradeOptions {
  /** Of each phase. */
  readonly seconds: number
  readonly ordersPerSecond: number
  readonly seed: string
  readonly json: string | null
  /** Whether `dist/` is built first. */
  readonly build: boolean
  readonly keep: boolean
}

export const usage = `npm run upgrade -- [options]
  --seconds N         each phase takes N seconds; default 20
  --rate N            orders a second; default 8
  --seed SEED         decides who pays, when, and whose callback is lost; default random
  --json FILE         also writes the report to FILE
  --no-build          uses dist/ as it is
  --keep              keeps the logs of a successful run, too`

/** Throws for an unknown option or value. */
export function readOptions(args: readonly string[]): UpgradeOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '20' },
      rate: { type: 'string', default: '8' },
      seed: { type: 'string' },
      json: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  return {
    seconds: positive('seconds', values.seconds),
    ordersPerSecond: positive('rate', values.rate),
    seed: values.seed ?? randomBytes(6).toString('hex'),
    json: values.json ?? null,
    build: !values['no-build'],
    keep: values.keep,
  }
}

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`--${name} "${text}" is not a positive integer`)
  return Number(text)
}
