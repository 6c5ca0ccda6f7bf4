import type { Concern, ConcernKind, Found } from './concern.ts'

const database: readonly ConcernKind[] = ['database_away', 'database_faulty', 'schema']

const gateway: readonly ConcernKind[] = ['breaker', 'gateway_useless']

/** No run asks in time, whatever the size of a batch. */
const questions: readonly ConcernKind[] = [
  ...database,
  ...(['clock_stopped', 'runs_stuck', ...gateway, 'gateway_failing', 'by_hand'] as const),
]

const late: readonly ConcernKind[] = [...questions, 'falling_behind', 'catching_up']

/**
 * What has to be mended first, the deepest cause at the front: it is why, or it keeps from being done
 * what would be advised. Each list holds the lists of its members, so that whatever is found has one
 * cause that stands by itself.
 */
const mendFirst: Readonly<Partial<Record<ConcernKind, readonly ConcernKind[]>>> = {
  schema: ['database_away', 'database_faulty'],
  clock_stopped: ['database_away', 'database_faulty'],
  runs_stuck: [...database, ...gateway],
  by_hand: [...database, ...gateway],
  falling_behind: questions,
  catching_up: questions,
  overdue: late,
  long_overdue: late,
  // A resolution asks the gateway, and is written down.
  reviews: [...database, ...gateway],
  audit_failed: database,
}

/**
 * Each concern with its cause among the others, and after it: so that there is one advice for one cause,
 * and none that another one gainsays. The worst first; a cause is as bad as what follows from it.
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
