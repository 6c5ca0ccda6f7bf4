import type { Concern, ConcernKind, Found } from './concern.ts'

const database: readonly ConcernKind[] = ['database_away', 'database_faulty', 'schema']

const gateway: readonly ConcernKind[] = ['breaker', 'gateway_useless']

/** With one of these, no run queries in time, whatever the size of a batch. */
const untimely: readonly ConcernKind[] = [
  ...database,
  ...(['clock_stopped', 'runs_stuck', ...gateway, 'gateway_failing', 'by_hand'] as const),
  'merchants_stopped',
]

const late: readonly ConcernKind[] = [...untimely, 'falling_behind', 'catching_up']

/**
 * What has to be repaired first, the deepest cause at the front: it causes the concern, or prevents the
 * advised action. Each list includes the lists of its members, so that each concern has one root cause.
 */
const mendFirst: Readonly<Partial<Record<ConcernKind, readonly ConcernKind[]>>> = {
  schema: ['database_away', 'database_faulty'],
  clock_stopped: ['database_away', 'database_faulty'],
  runs_stuck: [...database, ...gateway],
  by_hand: [...database, ...gateway],
  falling_behind: untimely,
  catching_up: untimely,
  overdue: late,
  long_overdue: late,
  // A resolution queries the gateway, and is stored.
  reviews: [...database, ...gateway],
  exceptions: database,
  audit_failed: database,
}

/**
 * Each concern with its cause among the others, and after it: one advice for one cause, and no advice
 * that contradicts another. The worst first; a cause is as bad as its consequences.
 */
export function byCause(
  concerns: readonly Concern[],
  isBad: (concern: Concern) => boolean,
): readonly Found[] {
  const kinds = concerns.map(({ kind }) => kind)
  const found = concerns.map((concern) => {
    const cause = mendFirst[concern.kind]?.find((kind) => kinds.includes(kind)) ?? null
    return { ...concern, cause }
  })
  const groups = found
    .filter(({ cause }) => cause === null)
    .map((root) => [
      root,
      ...badFirst(
        found.filter(({ cause }) => cause === root.kind),
        isBad,
      ),
    ])
  const badGroups = groups.filter((group) => group.some(isBad))
  return [...badGroups, ...groups.filter((group) => !badGroups.includes(group))].flat()
}

function badFirst(found: readonly Found[], isBad: (concern: Concern) => boolean): readonly Found[] {
  return [...found.filter(isBad), ...found.filter((concern) => !isBad(concern))]
}
