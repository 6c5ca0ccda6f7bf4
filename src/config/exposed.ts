import { statSync } from 'node:fs'

/**
 * Whether every user of this machine can read the file. Permissions of the group are not checked,
 * because containers often share a file of root with the group of their user on purpose.
 */
export function isExposed(file: string): boolean {
  // On Windows the mode does not say who can read the file.
  if (process.platform === 'win32') return false
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0
  return (mode & 0o004) !== 0
}
