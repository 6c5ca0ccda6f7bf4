import type { Query, Routine, SqlDialect } from './databases/database.ts'
import { hasScanIndex, isUnique, keyOf, nameOfTable } from './databases/table-facts.ts'
import type { Mapping } from './mapping.ts'
import type { SourceTrap } from './source.ts'

interface Examined {
  readonly query: Query
  readonly dialect: SqlDialect
  /** The statement that makes the index of the scan. */
  readonly index: string
}

/** What the catalogue shows; what the shop's own program does, it does not. */
export async function trapsOf(
  mapping: Mapping,
  examined: Examined,
): Promise<readonly SourceTrap[]> {
  const routines = await examined.dialect.routines(examined.query, mapping.facts)
  return [
    ...keyTraps(mapping),
    ...indexTraps(mapping, examined),
    ...routines.flatMap((routine) => routineTraps(routine, mapping)),
  ]
}

function keyTraps({ facts, config, column }: Mapping): readonly SourceTrap[] {
  const { orderNo } = config.columns
  const table = nameOfTable(facts)
  const traps: SourceTrap[] = []
  if (!isUnique(facts, orderNo)) {
    const remedy = facts.isView
      ? null
      : `create unique index budan_order_no on ${table} (${orderNo})`
    traps.push({ kind: 'order_no_not_unique', where: `${table}.${orderNo}`, remedy })
  }
  if (keyOf(facts) === null) traps.push({ kind: 'no_key', where: table, remedy: null })
  if (column(orderNo).ignoresCase) {
    traps.push({ kind: 'collation_ignores_case', where: `${table}.${orderNo}`, remedy: null })
  }
  if (!facts.isTransactional) {
    const remedy = `alter table ${table} engine=InnoDB`
    traps.push({ kind: 'not_transactional', where: table, remedy })
  }
  return traps
}

function indexTraps({ facts, config }: Mapping, { index }: Examined): readonly SourceTrap[] {
  const scan = { status: config.status.column, createdAt: config.columns.createdAt.column }
  if (facts.isView || hasScanIndex(facts, scan)) return []
  return [{ kind: 'index_missing', where: nameOfTable(facts), remedy: index }]
}

/** Each `update` of the table in code that the database keeps: by its status, and by its condition. */
function routineTraps({ name, body }: Routine, { facts, config }: Mapping): readonly SourceTrap[] {
  const { status } = config
  return updatesOf(body, facts.name).flatMap(({ set, where }): SourceTrap[] => {
    // The old status in the condition keeps a row that was paid meanwhile as it is.
    if (!mentions(set, status.column) || mentions(where, status.column)) return []
    const sets = (value: string) => new RegExp(`['"]?\\b${escaped(value)}\\b['"]?`).test(set)
    const ended = [...status.revive, ...(status.expired === null ? [] : [status.expired])]
    const credits = [...status.done, ...(status.paid === null ? [] : [status.paid])]
    if (ended.some(sets)) return [{ kind: 'expiry_overwrites', where: name, remedy: null }]
    if (credits.some(sets)) return [{ kind: 'crediting_not_guarded', where: name, remedy: null }]
    return []
  })
}

function updatesOf(
  body: string,
  table: string,
): readonly { readonly set: string; readonly where: string }[] {
  const name = `["\`]?${escaped(table)}["\`]?`
  const update = new RegExp(
    `\\bupdate\\s+(?:only\\s+)?(?:["\`]?[\\w$]+["\`]?\\.)?${name}(?:\\s+(?:as\\s+)?\\w+)?\\s+set\\s+([^;]*?)(?:\\bwhere\\b([^;]*))?(?:;|$)`,
    'gi',
  )
  return [...body.matchAll(update)].map(([, set = '', where = '']) => ({ set, where }))
}

function mentions(text: string, column: string): boolean {
  return new RegExp(`\\b${escaped(column)}\\b`, 'i').test(text)
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
