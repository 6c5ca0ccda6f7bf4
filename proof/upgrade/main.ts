import { execFileSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Closing } from '../../bench/closing.ts'
import { killPrograms } from '../campaign/program.ts'
import { readOptions, type UpgradeOptions, usage } from './options.ts'
import { playPart } from './part.ts'
import { tableOf } from './report.ts'
import { openStage } from './stage.ts'
import { playStraggler } from './straggler.ts'
import { playUpgrade } from './upgrade.ts'
import { buildBefore, commitBefore, NoHistoryError } from './version-before.ts'

const root = join(import.meta.dirname, '../..')
const args = process.argv.slice(2)
const closing = new Closing()

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killPrograms()
    void closing.close().then(() => process.exit(130))
  })
}
process.once('exit', killPrograms)

try {
  process.exitCode = args.includes('--help') ? help() : await main(readOptions(args))
} catch (error) {
  const isShallow = error instanceof NoHistoryError
  console.error(isShallow ? error.message : error)
  process.exitCode = isShallow ? 2 : 1
} finally {
  await closing.close()
}

function help(): number {
  console.log(usage)
  return 0
}

/** Returns 1 if anything was wrong; the logs are then kept. */
async function main(options: UpgradeOptions): Promise<number> {
  const commit = commitBefore(root)
  const log = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)
  if (options.build) {
    const run = (...[command = '', ...rest]: readonly string[]) =>
      execFileSync(command, rest, { cwd: root })
    run('npx', 'tsc', '-p', 'packages/simulator/tsconfig.build.json', '--noCheck')
    run('npx', 'tsc', '-p', 'tsconfig.build.json', '--noCheck')
    run('npm', 'run', '--silent', 'bundle')
  }
  const stage = await openStage(closing)
  log(`seed ${options.seed}; logs in ${stage.directory}; the version before is ${commit}`)
  const before = buildBefore(root, commit, stage.directory)
  const parts = []
  for (const [name, play] of [
    ['upgrade', playUpgrade],
    ['straggler', playStraggler],
  ] as const) {
    const part = await playPart({ name, stage, before, options, log, play })
    console.log(tableOf(part))
    for (const finding of part.findings) console.log(`WRONG: ${finding}`)
    parts.push(part)
  }
  const isOk = parts.every(({ findings }) => findings.length === 0)
  const report = { ok: isOk, commit, ...options, parts }
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
  await closing.close()
  if (isOk && !options.keep) await rm(stage.directory, { recursive: true, force: true })
  else console.log(`logs: ${stage.directory}; again: --seed ${options.seed}`)
  return isOk ? 0 : 1
}
