import { ConfigError } from '../config/fault.ts'
import { loadConfig } from '../config/load.ts'
import type { ConfigNeed } from '../config/requirements.ts'
import type { Config } from '../config.ts'
import { type Locale, localeOfEnvironment } from '../locale/locale.ts'
import type { ConcealedTerminal } from './concealed.ts'
import { createOutput, type Output } from './output.ts'

/** What every command is given. */
export interface CommandContext {
  readonly terminal: ConcealedTerminal
  readonly output: Output
  /** What the person speaks. Programs are spoken to in English: `--json`, the log, what is stored. */
  readonly locale: Locale
  /** `--config`; null when it was not given. */
  readonly file: string | null
  readonly version: string
  /** Reads the configuration; throws ConfigError. */
  config(need: ConfigNeed): Config
}

/** Options that every command takes. */
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
  return {
    terminal,
    output: createOutput(terminal, { asJson: options.json ?? false, locale }),
    locale,
    file,
    version,
    config: (need) => {
      if (file === '') throw new ConfigError(['--config: is empty: give the path of a file'])
      const config = loadConfig({ file, env: terminal.env, need })
      terminal.learn(config)
      return config
    },
  }
}
