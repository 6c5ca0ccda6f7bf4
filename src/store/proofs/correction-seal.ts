import { sql } from 'kysely'
import type { Order } from '../../domain/order.ts'
import { orderFacts } from '../../proof/facts.ts'
import { isOfKind, sealFits, sealOf } from '../../proof/seal.ts'
import { firstOf, type Scope } from '../database.ts'
import type { Correction } from '../store.ts'

/**
 * The seal of an order that is held locked, once it is corrected; an order from before stays one. Null: the
 * seal that it has must stay, because it does not fit, or there is none: what somebody else wrote into the
 * order must not become true by a correction of something else.
 */
export async function correctionSeal(
  { db, sealing, keys }: Pick<Scope, 'db' | 'sealing' | 'keys'>,
  { order, correction }: { readonly order: Order; readonly correction: Correction },
): Promise<string | null> {
  if (sealing === null || keys === undefined) return null
  const found = await firstOf(
    db,
    sql<{ readonly seal: string | null; readonly corrections: number }>`
      select seal, coalesce(cardinality(former_seals), 0) as corrections
      from orders where order_no = ${order.key}`,
  )
  if (found === null) return null
  const { seal, corrections } = found
  const kind = isOfKind(seal, 'old_order') ? 'old_order' : 'order'
  const facts = orderFacts({ ...order, corrections })
  if (sealFits(keys, seal, { kind, facts }) !== 'fits') return null
  const corrected = { ...order, ...correction, corrections: corrections + 1 }
  return sealOf(sealing, kind, orderFacts(corrected))
}
