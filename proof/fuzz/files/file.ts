import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expectNoCrash, Finding } from '../target.ts'

/** A small file is read in 5 ms; a busy machine takes longer. */
const hangMs = 5000

/** A file in a directory of its own. */
export function openFile(name: string) {
  const directory = mkdtempSync(join(tmpdir(), 'budan-fuzz-file-'))
  const path = join(directory, name)
  return {
    path,
    write: (bytes: Buffer) => writeFileSync(path, bytes),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/**
 * What `read` returns; `rejected` where it throws the expected error. Throws `Finding` for any other error, and when it takes long.
 */
export async function rejectedOr<T>(
  { input, kind }: { input: unknown; kind: new (...parameters: never[]) => Error },
  read: () => Promise<T>,
): Promise<T | 'rejected'> {
  const startedAt = performance.now()
  const result = await expectNoCrash(input, async () => {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof kind)) throw error
      return { error }
    }
  })
  const ms = performance.now() - startedAt
  if (ms > hangMs) throw new Finding('hang', `it took ${Math.round(ms)} ms`, input)
  const error = typeof result === 'object' && result !== null && 'error' in result && result.error
  if (!(error instanceof Error)) return result as T
  if (error.message === '') throw new Finding('wrong answer', 'no fault is named', input)
  return 'rejected'
}
