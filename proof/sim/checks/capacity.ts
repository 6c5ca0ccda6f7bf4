import type { Standing } from '../../../src/domain/order.ts'

/** The largest number of orders of each standing; `late`: expired orders that have late checks. */
export type OrderCounts = Readonly<Record<Standing | 'late', number>>

/**
 * The number of runs after which an order of that standing has certainly been claimed. Where a place
 * in a batch is drawn at random, the chance of a later claim is below 1 in 10^12.
 *
 * Late checks take at most a tenth of a batch, and at least one place. Of the remaining places, a
 * tenth is for orders that the gateway does not know, half for orders that were never queried, and the
 * rest for orders that it knows. So no standing waits for another one, except for a place that both
 * could fill.
 */
export function runsUntilClaimed(standing: Standing, batch: number, counts: OrderCounts): number {
  const late = Math.min(counts.late, Math.max(1, Math.floor(batch / 10)))
  const room = Math.max(1, batch - late)
  // In a batch of one, a late check takes the only place.
  const lateRuns = batch === 1 ? counts.late : 0
  return lateRuns + runsInShares(standing, room, counts)
}

function runsInShares(
  standing: Standing,
  room: number,
  { known, new: fresh, unknown }: OrderCounts,
): number {
  const others = {
    unknown: Math.min(unknown, Math.ceil(room / 10)),
    new: Math.min(fresh, Math.ceil(room / 2)),
  }
  switch (standing) {
    case 'known':
      return runsToClaim(known, { sure: room - others.unknown - others.new, chance: 0.4 * room })
    case 'new':
      return runsToClaim(fresh, {
        sure: Math.min(Math.floor(room / 2), room - others.unknown),
        chance: 0.4 * room,
      })
    case 'unknown':
      return runsToClaim(unknown, { sure: Math.floor(room / 10), chance: 0.1 * room })
  }
}

/** `sure`: the places that each run keeps for this standing; `chance`: their average number. */
function runsToClaim(count: number, { sure, chance }: { sure: number; chance: number }): number {
  if (sure >= 1) return Math.ceil(count / sure)
  return Math.ceil((1.5 * count + 30) / Math.min(1, chance))
}
