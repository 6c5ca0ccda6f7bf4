import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { Closing } from '../../bench/closing.ts'
import { openProgress, screenOf } from '../../src/cli/terminal/progress.ts'
import { campaign } from './campaign.ts'
import { type CampaignOptions, readOptions, usage } from './options.ts'
import { killPrograms } from './program.ts'
import { leaveStage } from './stage.ts'
import { checkComparison } from './verdict/planted.ts'
import { reportOf, tableOf } from './verdict/report.ts'

const args = process.argv.slice(2)
const closing = new Closing()
const interrupted = new AbortController()

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted.abort()
    killPrograms()
    void closing.close().then(() => process.exit(130))
  })
}
process.once('exit', killPrograms)

try {
  process.exitCode = args.includes('--help') ? help() : await main(readOptions(args))
} catch (error) {
  // After an interrupt the processes were killed, so this error shows no fault.
  if (!interrupted.signal.aborted) console.error(error)
  process.exitCode = 1
} finally {
  await closing.close()
}

function help(): number {
  console.log(usage)
  return 0
}

/** Returns 1 if the campaign found anything wrong; the logs are then kept. */
async function main(options: CampaignOptions): Promise<number> {
  checkComparison()
  if (options.build) {
    for (const project of ['packages/simulator/tsconfig.build.json', 'tsconfig.build.json']) {
      execFileSync('npx', ['tsc', '-p', project, '--noCheck'])
    }
    execFileSync('npm', ['run', '--silent', 'bundle'])
  }
  const log = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)
  const { stage, result } = await campaign({
    ...{ options, closing, log },
    openProgress: () => openProgress({ print: log, screen: screenOf(process.env) }),
  })
  const report = reportOf(result)
  console.log(tableOf(report))
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
  for (const wrong of report.wrong) console.log(`WRONG: ${wrong}`)
  const keep = options.keep || !report.ok
  await closing.close()
  await leaveStage(stage, { keep })
  if (keep) console.log(`logs: ${stage.directory}; again: --seed ${options.seed}`)
  return report.ok ? 0 : 1
}
