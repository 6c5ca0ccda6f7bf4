import { ConfigError } from '../config/fault.ts'
import { CursorError, StoreError } from '../store/errors.ts'
import type { ExitCode } from './terminal.ts'

/** The work a command was asked for failed, for a reason that its message tells in full. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** What is needed was not given, and there was no file that could have given it. */
export class UnconfiguredError extends ConfigError {
  readonly hint = 'No ./budan.yaml is here: `budan init` asks for what is needed, and writes it'
}

/** What a person is told of an error, and the exit code it ends with. */
export function describeFailure(error: unknown): { lines: readonly string[]; code: ExitCode } {
  if (error instanceof UnconfiguredError) return { lines: [...error.faults, error.hint], code: 2 }
  if (error instanceof ConfigError) return { lines: error.faults, code: 2 }
  if (error instanceof CursorError) {
    return { lines: ['--cursor: is not one that this list gave'], code: 2 }
  }
  if (error instanceof CommandError || error instanceof StoreError) {
    return { lines: [error.message], code: 1 }
  }
  // Plain errors that other parts throw say what was attempted; a TypeError's "Cannot" does not.
  if (error instanceof Error && error.name === 'Error' && /^Cannot /.test(error.message)) {
    return { lines: [error.message], code: 1 }
  }
  // Not foreseen: the place helps whoever has to mend it.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { lines: `budan failed unexpectedly: ${text}`.split('\n'), code: 1 }
}
