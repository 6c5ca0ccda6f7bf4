import { parseArgs } from 'node:util'
import { Figures } from '../sim/figures.ts'
import { OutboxRunner } from './seeds.ts'
import type { OutboxResult } from './simulation.ts'

const usage = `npm run sim:outbox -- [options]

  --seed N       run this seed and print its figures
  --trace        with --seed: print every event
  --seeds COUNT  how many seeds to run (default 100)
  --from N       the first seed (default 1)

Exit codes: 0 every seed was clean, 1 a seed failed, 2 wrong usage.
`

/** The simulator of the outbox, on the real SQL. */
process.exitCode = await simulate(process.argv.slice(2))

async function simulate(given: readonly string[]): Promise<number> {
  try {
    const { from, count, traced } = readArguments(given)
    return (await runAll({ from, count, traced })) ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 2
  }
}

interface Requested {
  readonly from: number
  readonly count: number
  readonly traced: boolean
}

function readArguments(given: readonly string[]): Requested {
  const { values } = parseArgs({
    args: [...given],
    options: {
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
    },
  })
  return {
    from: wholeNumber('seed', values.seed ?? values.from),
    count: values.seed === undefined ? wholeNumber('seeds', values.seeds) : 1,
    traced: values.trace,
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} ${text}: not a number`)
  return value
}

/** The first failure ends it. Returns true if all were clean. */
async function runAll({ from, count, traced }: Requested): Promise<boolean> {
  const startedAt = performance.now()
  const runner = new OutboxRunner()
  const figures = new Figures()
  let failed: OutboxResult | null = null
  for (let seed = from; seed < from + count && failed === null; seed += 1) {
    const result = await runner.run(seed, { traced: traced || count === 1 })
    figures.add(result.figures.counts)
    if (traced) process.stdout.write(`${result.trace.lines.join('\n')}\n`)
    if (result.failure !== null) failed = result
    const { hash } = result.trace
    const statements = result.figures.of('statements').toLocaleString('en')
    const end = result.failure === null ? 'clean' : 'failed'
    process.stderr.write(`seed ${seed}: ${end}, trace ${hash}, ${statements} statements\n`)
  }
  runner.end()
  process.stdout.write(describe(figures, (performance.now() - startedAt) / 1000))
  if (failed !== null) process.stdout.write(describeFailure(failed))
  return failed === null
}

function describe(figures: Figures, seconds: number): string {
  const lines = [...figures.counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, count]) => `  ${name.padEnd(32)} ${count.toLocaleString('en')}`)
  return `${figures.of('seeds')} seeds in ${seconds.toFixed(0)} s:\n${lines.join('\n')}\n`
}

function describeFailure({ seed, failure, trace }: OutboxResult): string {
  return `${trace.tail.join('\n')}

seed ${seed} failed: ${failure?.invariant}: ${failure?.message}
again: npm run sim:outbox -- --seed ${seed} --trace
`
}
