import type { RawBuilder } from 'kysely'
import type { SourceConfig } from '../config/sources/source-config.ts'
import { dayMs } from '../text/time-units.ts'
import type { Row, SourceDatabase } from './databases/database.ts'
import type { Plan } from './databases/table-facts.ts'
import { hasScanIndex, isUnique, nameOfTable } from './databases/table-facts.ts'
import { attemptAt, isOverLimit } from './failure.ts'
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
  /** Rows of the window; null: counting them took too long. */
  readonly statuses: readonly StatusCount[] | null
  /** The newest rows, as they are understood; null: finding them took too long. */
  readonly samples: readonly ReadRow[] | null
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
    return await attemptAt({ url: config.url, action }, async () => {
      const counts = await unlessSlow(database, statements.byStatus(window))
      const scan = { status: config.status.column, createdAt: config.columns.createdAt.column }
      const found = counts?.map(({ status = null }) => status) ?? []
      const ranges = hasScanIndex(facts, scan)
        ? [...new Set([...standingOf.keys(), ...found])]
        : null
      const newest = await unlessSlow(database, statements.newest(ranges))
      return database.read(async (query) => {
        return {
          name: config.name,
          server: database.server,
          table: nameOfTable(facts),
          isView: facts.isView,
          rows: facts.rows,
          writeRights: await dialect.writeRights(query, facts),
          statuses: counts?.map((row) => statusCount(row, standingOf)) ?? null,
          samples: newest?.map((row) => reader.read(row)) ?? null,
          plan: await dialect.plan(query, first),
          isUnique: isUnique(facts, config.columns.orderNo),
          traps: await trapsOf(mapping, { query, dialect, index: statements.index() }),
        }
      })
    })
  } finally {
    await database.close()
  }
}

/** Null: the server ended it. The plan, and the index that is missing, must be seen nevertheless. */
async function unlessSlow(
  { read }: SourceDatabase,
  statement: RawBuilder<unknown>,
): Promise<readonly Row[] | null> {
  try {
    return await read((query) => query(statement))
  } catch (error) {
    if (isOverLimit(error)) return null
    throw error
  }
}

function statusCount(
  { status = null, count }: Row,
  standingOf: ReturnType<typeof standings>,
): StatusCount {
  const standing = standingOf.get(status ?? '') ?? 'unknown'
  return { status, count: Number(count), standing }
}
