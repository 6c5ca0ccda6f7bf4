import { parseArgs } from 'node:util'

export interface Arguments {
  readonly from: number
  readonly count: number
  readonly jobs: number
  /** `--seed` was given: run one seed and print its result. */
  readonly single: boolean
  readonly traced: boolean
  readonly jsonPath: string | null
}

export const usage = `npm run sim -- [options]

  --seed N       run this seed and print its result
  --trace        with --seed: print every event
  --seeds COUNT  how many seeds to run (default 1000)
  --from N       the first seed (default 1)
  --jobs N       number of processes (default 2)
  --json FILE    write the figures to this file

Exit codes: 0 every seed was clean, 1 a seed failed, 2 wrong usage.
`

/** Throws for an unknown option or a value that is not a number. */
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
