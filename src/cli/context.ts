import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/fault.ts'
import { type ConfigRequest, hasFile, loadConfig } from '../config/load.ts'
import { type Proving, proving } from '../config/proof/keep-key.ts'
import type { ConfigNeed } from '../config/requirements.ts'
import { type Locale, localeOfEnvironment } from '../i18n/locale.ts'
import { UnconfiguredError } from './failure.ts'
import type { ConcealedTerminal } from './terminal/concealed.ts'
import { createOutput, type Output } from './terminal/output.ts'
import type { ExitCode } from './terminal/terminal.ts'

export interface CommandContext {
  readonly terminal: ConcealedTerminal
  readonly output: Output
  /** The person's language. `--json`, the log and stored texts are always English. */
  readonly locale: Locale
  /** `--config`; null when it was not given. */
  readonly file: string | null
  readonly version: string
  /** Reads the configuration. Throws ConfigError. */
  config(need: ConfigNeed): Config
  /** The same for a command that may credit: makes the key of proofs where there is none. */
  proving(need: Exclude<ConfigNeed, 'database'>): Proving
}

/** What a command does with the options and arguments it was given, by commander's names. */
export type Command = (context: CommandContext, given: CommandInput) => Promise<ExitCode>

export interface CommandInput {
  readonly options: Readonly<Record<string, unknown>>
  readonly args: readonly string[]
}

export interface CommonOptions {
  readonly config?: string
  readonly json?: boolean
}

export function createContext(
  terminal: ConcealedTerminal,
  { options, version }: { options: CommonOptions; version: string },
): CommandContext {
  const file = options.config ?? null
  const locale = localeOfEnvironment(terminal.env)
  const configFor = (need: ConfigNeed) => {
    if (file === '') throw new ConfigError(['--config: is empty: give the path of a file'])
    const config = loaded({ file, env: terminal.env, need })
    terminal.learn(config)
    return config
  }
  return {
    terminal,
    output: createOutput(terminal, { asJson: options.json ?? false, locale }),
    locale,
    file,
    version,
    config: configFor,
    proving: (need) => proving(() => configFor(need), { file, env: terminal.env }),
  }
}

/** A new user has neither a file nor the environment; the error then says how to create a file. */
function loaded(request: ConfigRequest): Config {
  try {
    return loadConfig(request)
  } catch (error) {
    const isNew = error instanceof ConfigError && !hasFile(request)
    if (isNew && error.faults.some((fault) => fault.includes(': not set'))) {
      throw new UnconfiguredError(error.faults)
    }
    throw error
  }
}
