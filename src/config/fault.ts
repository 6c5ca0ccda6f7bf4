import { lstatSync } from 'node:fs'

/** The configuration is not valid. Nothing was started. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** One line for each fault, with key and value. Values of secrets are never included. */
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

/** A value that was read, or why it cannot be used. */
export type Read<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'fault'; readonly fault: string }

export function value<T>(value: T): Read<T> {
  return { kind: 'value', value }
}

export function fault(words: string): Read<never> {
  return { kind: 'fault', fault: words }
}

/** The name of a key in faults, followed in brackets by the variable that its value came from. */
export function nameOf(path: string, origins: ReadonlyMap<string, string>): string {
  const envName = origins.get(path)
  return envName === undefined ? path : `${path} (${envName})`
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function writeFailure(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'its directory is not there'
  if (code === 'EEXIST') return 'it is there already'
  // A disk of another system may have no links, by which a file is made at once or not at all.
  return code in readFailures ? readFailure(error) : `it cannot be written (${code})`
}

export function readFailure(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ENOENT' && isLink(error)) return 'it is a link that leads nowhere'
  return readFailures[code] ?? (code === '' ? 'it cannot be read' : `it cannot be read (${code})`)
}

const readFailures: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: a part of its path is a file, and not a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'this process has too many files open (ulimit -n)',
  ENFILE: 'this machine has too many files open',
  EROFS: 'its disk is mounted read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: "this user's quota of the disk is used up",
  EIO: 'its disk cannot be read',
  ESTALE: 'its disk is not there any more',
}

/** Node's errors carry the path that was opened. */
function isLink(error: unknown): boolean {
  const path = error instanceof Error && 'path' in error ? error.path : null
  return typeof path === 'string' && lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
