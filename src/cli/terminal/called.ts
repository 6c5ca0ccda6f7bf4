import { basename, delimiter, dirname, isAbsolute, relative } from 'node:path'
import { shellWord } from './shells.ts'

export interface Call {
  readonly env: NodeJS.ProcessEnv
  /** The file that Node runs, as it was named. Links are not resolved. */
  readonly script: string | undefined
  readonly cwd: string
}

/**
 * What a person types to call the program again. It is `budan` only if a shell finds it, so that hints
 * can be pasted.
 */
export function calledAs({ env, script, cwd }: Call): string {
  if (script === undefined) return 'budan'
  const isLink = /^budan(\.cmd)?$/.test(basename(script))
  // The folder of npx's links is on the path only of programs that npx runs.
  if (isLink && (env.npm_command === 'exec' || isOfPackages(script))) return 'npx budan'
  if (isLink && (env.PATH ?? '').split(delimiter).includes(dirname(script))) return 'budan'
  const path = relative(cwd, script)
  const isBelow = !path.startsWith('..') && !isAbsolute(path)
  return shellWord(isBelow ? `./${path.replaceAll('\\', '/')}` : script)
}

function isOfPackages(script: string): boolean {
  return basename(dirname(script)) === '.bin'
}

/** Replaces `budan` in the commands of a sentence by the way this person calls it. */
export function asCalled(text: string, call: string): string {
  return call === 'budan' ? text : text.replaceAll('`budan ', `\`${call} `)
}
