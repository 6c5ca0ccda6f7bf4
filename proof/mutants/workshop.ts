import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'

const root = join(import.meta.dirname, '../..')
const copied = [
  ...['src', 'packages', 'test', 'proof', 'assets', 'bin', 'build', 'bench', 'docs', 'deploy'],
  ...['package.json', 'tsconfig.json', 'tsconfig.build.json', 'vitest.config.ts'],
]

/** A copy of the program, in which mutants are made. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'budan-mutants-'))

  constructor() {
    for (const name of copied)
      cpSync(join(root, name), join(this.folder, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'))
  }

  /** Runs `work` with the mutant in place, and restores the file afterwards. */
  async with<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
    const file = join(this.folder, mutant.file)
    const sound = readFileSync(file, 'utf8')
    writeFileSync(file, mutated(mutant, sound))
    try {
      return await work()
    } finally {
      writeFileSync(file, sound)
    }
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Throws unless `find` occurs exactly once: then the program has changed, and the list must follow. */
export function mutated({ name, file, find, replace }: Mutant, text: string): string {
  const places = text.split(find).length - 1
  if (places !== 1) {
    throw new Error(`Cannot make the mutant "${name}": its place occurs ${places} times in ${file}`)
  }
  return text.replace(find, () => replace)
}
