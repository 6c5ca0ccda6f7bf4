/** The configuration cannot be used. Nothing was started. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** One line each, naming key and value; the values of secrets are never in them. */
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

/** Why a file could not be read, in words. */
export function readFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'EISDIR':
      return 'it is a directory'
    default:
      return code === '' ? 'it cannot be read' : `it cannot be read (${code})`
  }
}
