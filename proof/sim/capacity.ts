import type { Standing } from '../../src/domain/order.ts'

/** How many orders there are of each standing, at most; `late`: expired ones that are asked about again. */
export type OrderCounts = Readonly<Record<Standing | 'late', number>>

/**
 * How many runs it takes until an order of that standing has been claimed for certain, or, where a
 * place of a batch is drawn by chance, but for once in 10^12 times.
 *
 * Late checks take a tenth of a batch at most, and one place at least. Of what is left, a tenth is for
 * orders that the gateway does not know, half for those that nobody asked about, and the rest for those
 * that it knows; so an order that it knows never has to wait for the others, and they never for it, but
 * for a place that both would fill.
 */
export function runsUntilClaimed(standing: Standing, batch: number, counts: OrderCounts): number {
  const late = Math.min(counts.late, Math.max(1, Math.floor(batch / 10)))
  const room = Math.max(1, batch - late)
  // In a batch of one a late check takes the place of all others.
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

/** `sure`: places of each run that are its own; `chance`: how many they are on the average. */
function runsToClaim(count: number, { sure, chance }: { sure: number; chance: number }): number {
  if (sure >= 1) return Math.ceil(count / sure)
  return Math.ceil((1.5 * count + 30) / Math.min(1, chance))
}
