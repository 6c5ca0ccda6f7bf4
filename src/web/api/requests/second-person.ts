import type { Order } from '../../../domain/order.ts'
import { Refusal } from '../../errors.ts'
import { type NamedIn, presentOrder } from '../shapes/present.ts'

export function presentNeedsSecond(
  { message, order }: { readonly message: string; readonly order: Order },
  names: NamedIn,
) {
  return { state: 'needs_second' as const, message, order: presentOrder(order, names) }
}

/** For who may not be one of the two, or is the first of them. */
export function secondRefusal({
  kind,
  message,
}: {
  readonly kind: 'same_person' | 'no_own_name'
  readonly message: string
}): Refusal {
  return kind === 'same_person'
    ? new Refusal(409, { code: 'second_person_needed', message })
    : new Refusal(403, { code: 'own_token_needed', message })
}
