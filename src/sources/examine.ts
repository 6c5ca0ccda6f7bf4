import type { SourceConfig } from '../config/sources/source-config.ts'
import { dayMs } from '../text/time-units.ts'
import type { Plan } from './databases/table-facts.ts'
import { isUnique, nameOfTable } from './databases/table-facts.ts'
import { attemptAt } from './failure.ts'
import { openMapped } from './open.ts'
import { type ReadRow, RowReader, standings } from './rows.ts'
import type { SourceTrap } from './source.ts'
import { Statements } from './statements.ts'
import { trapsOf } from './traps.ts'

/** What a person must see before a source is relied upon. */
export interface ExaminedSource {
  readonly name: string
  readonly server: string
  readonly table: string
  readonly isView: boolean
  /** An estimate of the database; null: of a view. */
  readonly rows: number | null
  /** What this user may do there beyond reading: nothing of it is needed. */
  readonly writeRights: readonly string[]
  /** Rows of the window. */
  readonly statuses: readonly StatusCount[]
  /** The newest rows, as they are understood. */
  readonly samples: readonly ReadRow[]
  readonly plan: Plan
  readonly isUnique: boolean
  readonly traps: readonly SourceTrap[]
}

export interface StatusCount {
  readonly status: string | null
  readonly count: number
  readonly standing: 'pending' | 'revivable' | 'credited' | 'unknown'
}

/** Opens the source, reads a few rows and the catalogue, and closes it. */
export async function examineSource(config: SourceConfig, now: Date): Promise<ExaminedSource> {
  const { database, mapping } = await openMapped(config)
  const { facts } = mapping
  const { dialect } = database
  const statements = new Statements(mapping, dialect)
  const reader = new RowReader(mapping)
  const standingOf = standings(mapping)
  const window = { from: new Date(+now - config.days * dayMs), to: now }
  const read = [...standingOf].filter(([, standing]) => standing !== 'credited')
  const scan = { window, statuses: read.map(([status]) => status) }
  const first = statements.page({ phase: 'dated', at: null }, scan)
  const action = `examine source "${config.name}" (${nameOfTable(facts)})`
  try {
    return await attemptAt({ url: config.url, action }, () =>
      database.read(async (query) => {
        const counts = await query(statements.byStatus(window))
        const newest = await query(statements.newest())
        return {
          name: config.name,
          server: database.server,
          table: nameOfTable(facts),
          isView: facts.isView,
          rows: facts.rows,
          writeRights: await dialect.writeRights(query, facts),
          statuses: counts.map(({ status = null, count }) => ({
            status,
            count: Number(count),
            standing: standingOf.get(status ?? '') ?? 'unknown',
          })),
          samples: newest.map((row) => reader.read(row)),
          plan: await dialect.plan(query, first),
          isUnique: isUnique(facts, config.columns.orderNo),
          traps: await trapsOf(mapping, { query, dialect, index: statements.index() }),
        }
      }),
    )
  } finally {
    await database.close()
  }
}
