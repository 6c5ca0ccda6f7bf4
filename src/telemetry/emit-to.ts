import { type Redact, redactError } from '../config/redact.ts'
import type { Emit } from '../domain/event.ts'
import type { OnPaid } from '../settle/settle.ts'

/** A listener that throws must not undo or repeat the work that it was called about. */
export function emitTo(listeners: ReadonlySet<Emit>, redact: Redact): Emit {
  return (event) => {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (error) {
        process.emitWarning(redact(`A listener of "${event.type}" failed: ${String(error)}`))
      }
    }
  }
}

/** The message of an embedder's own client is shown with the order, on pages too: it must hold no secret. */
export function withoutSecrets(onPaid: OnPaid, redact: Redact): OnPaid {
  return async (paid, tx) => {
    try {
      await onPaid(paid, tx)
    } catch (error) {
      throw redactError(error, redact)
    }
  }
}
