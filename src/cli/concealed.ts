import type { Config } from '../config/config.ts'
import { type Redact, redactorOf, secretsOf } from '../config/redact.ts'
import type { Terminal } from './terminal.ts'

/** A terminal whose standard error, where errors are told, says no secret of the configurations that it knows. */
export interface ConcealedTerminal extends Terminal {
  /** What is secret from now on. */
  learn(config: Config): void
  /** For what an error said that goes to standard output. Results do not pass here: see `redactorOf`. */
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
