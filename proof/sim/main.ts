import { readArguments, usage } from './arguments.ts'
import { runMany, runOne } from './seeds.ts'
import { runWorker } from './worker.ts'

/** The deterministic simulator: `npm run sim -- --seed N`, or many seeds. */
const [first, ...rest] = process.argv.slice(2)
if (first === 'worker') await runWorker(rest.map(Number))
else process.exitCode = await simulate(process.argv.slice(2))

async function simulate(given: readonly string[]): Promise<number> {
  try {
    const requested = readArguments(given)
    const clean = requested.single ? await runOne(requested) : await runMany(requested)
    return clean ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 2
  }
}
