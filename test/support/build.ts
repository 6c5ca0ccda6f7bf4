import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/**
 * The command-line tests run `bin/budan.js`, so what it loads must be this source's, and its image
 * too. Nothing is built where the last build was of the same files and has not been replaced since.
 */
export async function buildOnce(): Promise<void> {
  const stamp = join(root, 'dist/.built-for-tests')
  const source = sourceFingerprint()
  if (contentOf(stamp) === `${source} ${builtAt()}`) return
  for (const project of ['packages/simulator/tsconfig.build.json', 'tsconfig.build.json']) {
    await run('npx', ['tsc', '-p', project, '--noCheck'], { cwd: root })
  }
  await run('npm', ['run', '--silent', 'bundle'], { cwd: root })
  await run('npm', ['run', '--silent', 'image'], { cwd: root })
  writeFileSync(stamp, `${source} ${builtAt()}`)
}

const inputs = [
  'src',
  'packages/simulator/src',
  'packages/simulator/package.json',
  'packages/simulator/tsconfig.build.json',
  'build',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
]

function sourceFingerprint(): string {
  const hash = createHash('sha256')
  for (const path of inputs.flatMap(filesOf))
    hash.update(`${path}\n`).update(readFileSync(join(root, path)))
  return hash.digest('hex')
}

function filesOf(path: string): readonly string[] {
  if (statSync(join(root, path)).isFile()) return [path]
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort()
}

/** Each build writes these anew, from whatever source. */
function builtAt(): string {
  const built = ['index.js', 'bin/main.js', 'lib/index.js'].map((name) => `dist/${name}`)
  const times = [...built, 'packages/simulator/dist/index.js'].map(
    (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 'missing',
  )
  return times.join(' ')
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
