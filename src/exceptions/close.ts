import type { Emit } from '../domain/event.ts'
import type { Actor } from '../domain/order.ts'
import type { Exception } from '../domain/review/exception.ts'
import type { Store } from '../store/store.ts'
import { wordsFault, wordsMax } from '../text/operator-text.ts'

/** Who closes an exception, and why. It credits nothing. */
export interface CloseRequest {
  readonly reason: string
  /** Who is responsible; absent or null: the actor. */
  readonly name?: string | null
  readonly actor: Actor
}

/** Only `closed` changed it. */
export type ClosedException =
  | { readonly kind: 'closed'; readonly exception: Exception }
  /** Somebody was first, or it had healed. */
  | { readonly kind: 'already_closed'; readonly exception: Exception; readonly message: string }
  /** That of a review is closed when the review is resolved or dismissed. */
  | { readonly kind: 'use_review'; readonly exception: Exception; readonly message: string }

/** Null: there is none. Throws a `TypeError` for a name or reason that is empty or too long. */
export async function closeException(
  { store, emit }: { readonly store: Store; readonly emit: Emit },
  { id, reason, name, actor }: CloseRequest & { readonly id: string },
): Promise<ClosedException | null> {
  const by = name ?? actor.name
  const faults = faultsOf({ name: by, reason })
  if (faults.length > 0) throw new TypeError(`Cannot close an exception: ${faults.join('; ')}`)
  const given = { by: by.trim(), reason: reason.trim(), address: actor.address }
  const closed = await store.closeException(id, given)
  if (closed !== null) {
    const { kind, orderNo } = closed
    emit({ type: 'exception_closed', kind, orderNo, by: given.by })
    return { kind: 'closed', exception: closed }
  }
  const exception = await store.findException(id)
  return exception && whyNot(exception)
}

function whyNot(exception: Exception): ClosedException {
  const { id, closing, orderNo } = exception
  if (closing === null) {
    const message = `exception ${id} is the review of order "${orderNo}": resolve or dismiss the review, which closes it`
    return { kind: 'use_review', exception, message }
  }
  const message = `exception ${id} was closed by "${closing.by}" at ${closing.at.toISOString()}: ${closing.reason}`
  return { kind: 'already_closed', exception, message }
}

function faultsOf(words: Readonly<Record<keyof typeof wordsMax, unknown>>): readonly string[] {
  return (['name', 'reason'] as const).flatMap((key) => {
    const value = words[key]
    if (typeof value !== 'string') return [`${key}: must be a string`]
    const fault = wordsFault(value, wordsMax[key])
    return fault === null ? [] : [`${key}: ${fault}`]
  })
}
