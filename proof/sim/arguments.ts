import { parseArgs } from 'node:util'

export interface Arguments {
  readonly from: number
  readonly count: number
  readonly jobs: number
  /** One seed was named: show it. */
  readonly single: boolean
  readonly traced: boolean
  readonly jsonPath: string | null
}

export const usage = `npm run sim -- [options]

  --seed N       run this seed and say how it ended
  --trace        with --seed: print everything that happened
  --seeds COUNT  run so many seeds (default 1000)
  --from N       the first of them (default 1)
  --jobs N       processes (default 2)
  --json FILE    write the figures there

Exit codes: 0 every seed was clean, 1 a seed failed, 2 wrong usage.
`

/** Throws for what it cannot understand. */
export function readArguments(given: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...given],
    options: {
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
      json: { type: 'string' },
    },
  })
  const single = values.seed !== undefined
  return {
    from: wholeNumber('seed', values.seed ?? values.from),
    count: single ? 1 : wholeNumber('seeds', values.seeds),
    jobs: single ? 1 : wholeNumber('jobs', values.jobs),
    single,
    traced: values.trace,
    jsonPath: values.json ?? null,
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} ${text}: not a number`)
  return value
}
