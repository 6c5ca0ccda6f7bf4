import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { LocatedFinding } from './campaign.ts'
import { type Keys, makeKeys } from './keys.ts'

const saved = z.object({
  target: z.string(),
  seed: z.number(),
  index: z.number(),
  /** The keys of that campaign: with other keys the signatures would differ. */
  merchant: z.unknown(),
})

/** Generated once per machine, so that a seed makes the same bytes again. */
export async function keysOfThisMachine(): Promise<Keys> {
  const file = join(findingsFolder(), 'merchant.json')
  if (!existsSync(file)) {
    const { merchant } = await makeKeys()
    writeFileSync(file, JSON.stringify(merchant), { mode: 0o600 })
  }
  return makeKeys(JSON.parse(readFileSync(file, 'utf8')) as Keys['merchant'])
}

function findingsFolder(): string {
  const folder = join(tmpdir(), 'budan-fuzz-findings')
  mkdirSync(folder, { recursive: true })
  return folder
}

/** Saves everything that a replay needs. */
export function saveFinding(
  found: LocatedFinding & { target: string },
  { seed, keys }: { seed: number; keys: Keys },
): string {
  const { target, index, finding } = found
  const file = join(findingsFolder(), `${target}-${seed}-${index}.json`)
  const { kind, message, input } = finding
  const content = { target, seed, index, kind, message, input, merchant: keys.merchant }
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
  return file
}

export async function readFinding(file: string) {
  const { target, seed, index, merchant } = saved.parse(JSON.parse(readFileSync(file, 'utf8')))
  return { target, seed, index, keys: await makeKeys(merchant as Keys['merchant']) }
}
