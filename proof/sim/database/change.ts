import type { Change } from './tables.ts'

/** Describes a commit for the trace. */
export function describeChange({ orders, events, transfers }: Change): string {
  const changed = orders.map(({ before, after }) =>
    before?.status === after.status
      ? `${after.key} due ${after.nextCheckAt.toISOString().slice(11, 23)} (${after.checks} checks)`
      : `${after.key} ${before?.status ?? 'new'} → ${after.status}`,
  )
  const appended = events.map(
    (event) => `${event.key} ${event.source}: ${event.reason ?? event.kind}`,
  )
  const posted = transfers.map(({ key, amount }) => `${key} credited ${amount}`)
  return `committed ${[...changed, ...appended, ...posted].join('; ') || 'no change of orders'}`
}
