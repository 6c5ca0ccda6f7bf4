import { statSync } from 'node:fs'

/**
 * Whether everybody on this machine may read the file. The bits of its group are left alone: a
 * container gives a file of root to the group of its user, and means it.
 */
export function isExposed(file: string): boolean {
  // On Windows the mode says nothing of who may read.
  if (process.platform === 'win32') return false
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0
  return (mode & 0o004) !== 0
}
