import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What a shallow clone has not got. */
export class NoHistoryError extends Error {
  override readonly name = 'NoHistoryError'
}

/** The step of the schema that both versions can work with. */
export const sharedStep = '018_merchants'
export const breakingStep = '019_breaking_merchant_keys'

/** The last commit before there were several merchants. Throws `NoHistoryError`. */
export function commitBefore(root: string): string {
  const file = `src/store/migrations/${sharedStep}.ts`
  const git = (...args: readonly string[]) => {
    try {
      const options = { cwd: root, encoding: 'utf8', stdio: 'pipe' } as const
      return execFileSync('git', [...args], options).trim()
    } catch {
      return ''
    }
  }
  // In a shallow clone the oldest commit seems to have added every file.
  const isShallow = git('rev-parse', '--is-shallow-repository') !== 'false'
  const added = git('log', '--diff-filter=A', '--format=%H', '-1', '--', file)
  const before = added === '' || isShallow ? '' : git('rev-parse', '--verify', `${added}^`)
  if (before !== '') return before
  throw new NoHistoryError(
    `Cannot find the version before ${sharedStep}: this is no clone with the whole history; "git fetch --unshallow" gets it`,
  )
}

/** Builds the program of that commit in `directory`, and returns where it is. */
export function buildBefore(root: string, commit: string, directory: string): string {
  const program = join(directory, 'before')
  mkdirSync(program)
  const archive = execFileSync('git', ['archive', commit], { cwd: root, maxBuffer: 2 ** 30 })
  execFileSync('tar', ['-x', '-C', program], { input: archive })
  install(root, program)
  const run = (command: string, args: readonly string[]) =>
    execFileSync(command, [...args], { cwd: program, stdio: ['ignore', 'ignore', 'inherit'] })
  for (const project of ['packages/simulator/tsconfig.build.json', 'tsconfig.build.json']) {
    run('npx', ['tsc', '-p', project, '--noCheck'])
  }
  run('npm', ['run', '--silent', 'bundle'])
  return program
}

/** The packages that are here are its own, unless another version of one was wanted then. */
function install(root: string, program: string): void {
  const lock = 'package-lock.json'
  const isSame = readFileSync(join(root, lock)).equals(readFileSync(join(program, lock)))
  const packages = join(root, 'node_modules')
  if (isSame && existsSync(packages)) symlinkSync(packages, join(program, 'node_modules'))
  else execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: program, stdio: 'ignore' })
}
