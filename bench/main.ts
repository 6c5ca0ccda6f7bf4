import { execFileSync } from 'node:child_process'
import { Closing } from './closing.ts'
import type { Figure } from './figure.ts'
import { type BenchOptions, readOptions, usage } from './options.ts'
import { loadNow, resultOf, writeResult } from './result.ts'
import { benchParts } from './run-parts.ts'
import { tableOf } from './table.ts'

const args = process.argv.slice(2)
const closing = new Closing()
const interrupted = new AbortController()

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted.abort()
    void closing.close().then(() => process.exit(130))
  })
}

try {
  process.exitCode = args.includes('--help') ? help() : await main(readOptions(args))
} catch (error) {
  // After an interrupt, errors only show that the databases were closed under a running part.
  if (!interrupted.signal.aborted) console.error(error)
  process.exitCode = 1
} finally {
  await closing.close()
}

function help(): number {
  console.log(usage)
  return 0
}

/** 1 when a goal is missed by more than its spread. */
async function main(options: BenchOptions): Promise<number> {
  const begun = { options, args, startedAt: new Date(), loadBefore: loadNow() }
  // `serve` and `run` are measured as users start them, from the build.
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json', '--noCheck'], { stdio: 'inherit' })
  execFileSync('npm', ['run', '--silent', 'bundle'], { stdio: 'inherit' })
  execFileSync('npm', ['run', '--silent', 'image'], { stdio: 'inherit' })
  const logPart = (part: string) =>
    console.error(`${new Date().toISOString().slice(11, 19)} ${part}`)
  // Written after each part, so that the results are kept when a later part fails.
  const keep = (figures: readonly Figure[]) => writeResult(options.out, resultOf(figures, begun))
  const figures = await benchParts(options, { closing, logPart, keep })
  const seconds = Math.round((Date.now() - +begun.startedAt) / 1000)
  console.log(tableOf(figures))
  console.log(`load before: ${begun.loadBefore}; ${seconds} s; written to ${options.out}`)
  return figures.every(({ met }) => met) ? 0 : 1
}
