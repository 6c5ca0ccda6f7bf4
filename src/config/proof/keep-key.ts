import type { Emit } from '../../domain/event.ts'
import type { Config } from '../config.ts'
import { type ConfigRequest, proofKeysPlace } from '../load.ts'
import { makeKeys } from './made-keys.ts'

export interface Proving {
  readonly config: Config
  /** Emits why there is no key, where there is none: nobody would look for it. */
  report(emit: Emit): void
}

/**
 * The configuration of a command that may credit. Makes the key of proofs where none is configured and
 * none was made. A key that cannot be kept stops no credit.
 */
export function proving(load: () => Config, request: Omit<ConfigRequest, 'need'>): Proving {
  const config = load()
  if (config.proof.keys.length > 0) return { config, report: () => {} }
  const place = proofKeysPlace(request)
  const failure = place.kind === 'made' ? makeKeys(place.path) : null
  // From the file, because another process may have made it at the same time.
  const proven = load()
  return {
    config: proven,
    report: (emit) => {
      if (proven.proof.keys.length > 0 || place.kind !== 'made' || failure === null) return
      emit({ type: 'proof_key_unwritable', path: place.path, reason: failure.why })
    },
  }
}
