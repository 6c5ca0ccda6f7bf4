import type { Actor, OrderEvent } from '../order.ts'

/**
 * With `reviews.four_eyes` a credit out of review and a correction need two people. The first one's
 * request is an event of the order:
 *
 *   none ──► requested ──► carried out    another name sends the same, with the same facts
 *              │    ▲
 *              └────┘ the same name sends it again (nothing), or anybody with other facts (requested anew)
 *
 * A change of the order in between ends the request. Both are decided on the row that is held locked, so
 * two requests that race are one after the other.
 */
export type Approval =
  | 'first' // to be recorded
  | 'second' // may be carried out
  | 'same_person'
  | 'no_own_name'

/** What both have to request, and of which state of the order. */
export type SecondFacts = Readonly<Record<string, string | number | null | readonly string[]>>

/** Several people may share these, so they stand for nobody. */
const sharedNames: ReadonlySet<string> = new Set(['api_token', 'anonymous'])

/** `requested`: the event of a request that no change of the order has ended; null: there is none. */
export function approvalOf(
  requested: OrderEvent | null,
  { actor, facts }: { readonly actor: Actor | null; readonly facts: SecondFacts },
): Approval {
  if (actor === null || sharedNames.has(actor.name)) return 'no_own_name'
  const isSame = JSON.stringify(requested?.evidence?.second_needed) === JSON.stringify(facts)
  if (requested === null || requested.actor === null || !isSame) return 'first'
  return requested.actor.name === actor.name ? 'same_person' : 'second'
}
