import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

export interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
  /** Null for all targets. */
  readonly target: string | null
  readonly jsonFile: string | null
  readonly replayFile: string | null
}

const usage = `Usage: npm run fuzz -- [--inputs 1000000] [--seed N] [--target NAME] [--json FILE]
       npm run fuzz -- --replay FILE
`

export function readOptions(args: readonly string[]): FuzzOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        inputs: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: String(randomInt(2 ** 31)) },
        target: { type: 'string' },
        json: { type: 'string' },
        replay: { type: 'string' },
      },
    })
    return {
      inputs: numberOf('--inputs', values.inputs),
      seed: numberOf('--seed', values.seed),
      target: values.target ?? null,
      jsonFile: values.json ?? null,
      replayFile: values.replay ?? null,
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    process.exit(2)
  }
}

function numberOf(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${name}: "${text}" is not a whole number`)
  return Number(text)
}
