import { writeFileSync } from 'node:fs'
import { type Report, replay, runCampaign } from './campaign.ts'
import { keysOfThisMachine, readFinding, saveFinding } from './finding-file.ts'
import type { Keys } from './keys.ts'
import { type FuzzOptions, readOptions } from './options.ts'
import { jsonOf, progressLine, tableOf } from './report.ts'
import { allTargets } from './targets.ts'

const options = readOptions(process.argv.slice(2))
process.exitCode =
  options.replayFile === null ? await fuzz(options) : await again(options.replayFile)

async function fuzz({ seed, inputs, target, jsonFile }: FuzzOptions): Promise<number> {
  const keys = await keysOfThisMachine()
  const targets = allTargets().filter(({ name }) => target === null || name === target)
  process.stdout.write(`Seed ${seed}, ${inputs} inputs\n`)
  const startedAt = performance.now()
  let printedAt = startedAt
  const onProgress = (done: number) => {
    if (performance.now() - printedAt < 10_000) return
    printedAt = performance.now()
    process.stdout.write(progressLine({ done, inputs, ms: printedAt - startedAt }))
  }
  const report = await runCampaign({ targets, keys, seed, inputs, onProgress })
  process.stdout.write(tableOf(report))
  if (jsonFile !== null) writeFileSync(jsonFile, `${JSON.stringify(jsonOf(report), null, 2)}\n`)
  return printFinding(report, keys)
}

function printFinding({ found, seed, inputs }: Report, keys: Keys): number {
  if (found === null) return 0
  const { target, index, finding } = found
  process.stdout.write(`\n${finding.message}\n\n`)
  if (target === null) {
    process.stdout.write(`Again: npm run fuzz -- --seed ${seed} --inputs ${inputs}\n`)
    return 1
  }
  const file = saveFinding({ target, index, finding }, { seed, keys })
  process.stdout.write(
    `Input ${index} of ${target}, saved to ${file}\nAgain: npm run fuzz -- --replay ${file}\n`,
  )
  return 1
}

async function again(file: string): Promise<number> {
  const { target: name, seed, index, keys } = await readFinding(file)
  const target = allTargets().find((each) => each.name === name)
  if (target === undefined) throw new Error(`Cannot replay ${file}: there is no target "${name}"`)
  // One input alone is quick; where inputs build on one another, only all of them cause the finding.
  for (const alone of [true, false]) {
    const found = await replay(target, { keys, seed, index, alone })
    if (found === null) continue
    process.stdout.write(
      `${found.finding.message}\n${JSON.stringify(found.finding.input, null, 2)}\n`,
    )
    return 1
  }
  process.stdout.write('Not found any more.\n')
  return 0
}
