import { basename, delimiter, dirname, isAbsolute, relative } from 'node:path'
import { shellWord } from './shells.ts'

/** How this program was called. */
export interface Call {
  readonly env: NodeJS.ProcessEnv
  /** The file that Node runs, as it was named: a link stays a link. */
  readonly script: string | undefined
  readonly cwd: string
}

/**
 * What a person types to call the program again: `budan` only where a shell finds it, because a hint
 * that cannot be pasted helps nobody.
 */
export function calledAs({ env, script, cwd }: Call): string {
  if (script === undefined) return 'budan'
  const isLink = /^budan(\.cmd)?$/.test(basename(script))
  // npx puts the folder of its links on the path of what it runs, and of nothing else.
  if (isLink && (env.npm_command === 'exec' || isOfPackages(script))) return 'npx budan'
  if (isLink && (env.PATH ?? '').split(delimiter).includes(dirname(script))) return 'budan'
  const path = relative(cwd, script)
  const isBelow = !path.startsWith('..') && !isAbsolute(path)
  return shellWord(isBelow ? `./${path.replaceAll('\\', '/')}` : script)
}

function isOfPackages(script: string): boolean {
  return basename(dirname(script)) === '.bin'
}

/** A sentence in whose commands the program is called as this person calls it. */
export function asCalled(text: string, call: string): string {
  return call === 'budan' ? text : text.replaceAll('`budan ', `\`${call} `)
}
