import { ConfigError } from '../config/fault.ts'
import { MerchantError } from '../desks.ts'
import { ExpectedError } from '../domain/assert.ts'
import { SourceError } from '../sources/source.ts'
import { CursorError, GrantError, MigrationRightsError, StoreError } from '../store/errors.ts'
import { SeveralOrdersError } from '../store/find-order.ts'
import type { ExitCode } from './terminal/terminal.ts'

/** The work of a command failed. */
export class CommandError extends ExpectedError {
  override readonly name = 'CommandError'
}

/** Required values are missing, and there is no configuration file. */
export class UnconfiguredError extends ConfigError {
  readonly hint = 'No ./budan.yaml is here: `budan init` prompts for what is needed, and writes it'
}

const whichMerchant = 'Name it: --merchant NAME'

export function describeFailure(error: unknown): { lines: readonly string[]; code: ExitCode } {
  if (error instanceof UnconfiguredError) return { lines: [...error.faults, error.hint], code: 2 }
  if (error instanceof ConfigError) return { lines: error.faults, code: 2 }
  if (error instanceof CursorError) {
    return { lines: ['--cursor: is not one that this list gave'], code: 2 }
  }
  if (error instanceof SeveralOrdersError) {
    return { lines: [error.message, whichMerchant], code: 2 }
  }
  if (error instanceof MerchantError) return { lines: [`--${error.message}`], code: 2 }
  // The url names another user than this work needs.
  if (error instanceof MigrationRightsError || error instanceof GrantError) {
    return { lines: [error.message], code: 2 }
  }
  const isExpected = [ExpectedError, StoreError, SourceError].some((kind) => error instanceof kind)
  if (isExpected && error instanceof Error) {
    return { lines: [error.message], code: 1 }
  }
  // Unexpected: the stack helps the developer who corrects it.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { lines: `budan failed unexpectedly: ${text}`.split('\n'), code: 1 }
}
