import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { shortLived } from '../support/short-lived.ts'

const run = promisify(execFile)

/** A folder of somebody's own, with budan installed as `npm install ../budan` does it. */
export interface Home {
  readonly path: string
  write(name: string, text: string): string
  /** Runs a file of it there; rejects with what it printed when it fails. */
  run(name: string, env?: Readonly<Record<string, string>>): Promise<string>
  remove(): void
}

export function openHome(): Home {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'budan-library-')))
  const root = join(import.meta.dirname, '../..')
  mkdirSync(join(path, 'node_modules'))
  symlinkSync(root, join(path, 'node_modules', 'budan'), 'dir')
  return {
    path,
    write: (name, text) => {
      writeFileSync(join(path, name), text)
      return join(path, name)
    },
    run: async (name, env = {}) => {
      const options = { cwd: path, env: { PATH: process.env.PATH ?? '', HOME: path, ...env } }
      return (await run(process.execPath, [...shortLived, join(path, name)], options)).stdout
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** One file with all that the program needs, as esbuild makes it without any option. */
export async function bundleWhole(home: Home, from: string, to: string): Promise<void> {
  await build({
    ...{ absWorkingDir: home.path, entryPoints: [from], outfile: to },
    ...{ bundle: true, format: 'esm', platform: 'node', logLevel: 'error' },
  })
}
