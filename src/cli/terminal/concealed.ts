import type { Config } from '../../config/config.ts'
import { type Redact, redactorOf, secretsOf } from '../../config/redact.ts'
import type { Terminal } from './terminal.ts'

/**
 * A terminal that redacts the secrets of known configurations on standard error, where errors are
 * printed.
 */
export interface ConcealedTerminal extends Terminal {
  /** From now on the secrets of this configuration are redacted. */
  learn(config: Config): void
  /** For messages of errors on standard output. Results are not redacted: see `redactorOf`. */
  readonly redact: Redact
}

export function concealed(terminal: Terminal): ConcealedTerminal {
  const secrets: string[] = []
  let known = redactorOf(secrets)
  const redact: Redact = (text) => known(text)
  return {
    ...terminal,
    redact,
    err: (text) => terminal.err(redact(text)),
    learn: (config) => {
      secrets.push(...secretsOf(config))
      known = redactorOf(secrets)
    },
  }
}
