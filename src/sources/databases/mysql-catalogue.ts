import { sql } from 'kysely'
import type { Query, SqlDialect } from './database.ts'
import { statusesMax } from './limits.ts'
import type { ColumnFacts, ColumnKind, IndexFacts, TableName } from './table-facts.ts'

export const mysqlCatalogue: SqlDialect = {
  kind: 'mysql',

  async tables(query) {
    const rows = await query(sql`
      select concat(table_schema, '.', table_name) as name from information_schema.tables
      where table_schema = database() order by 1`)
    return rows.map(({ name }) => name ?? '')
  },

  async facts(query, table) {
    const schema = table.schema === '' ? sql`database()` : sql`${table.schema}`
    const [row] = await query(sql`
      select table_schema as "schema", table_name as name, table_type as type, table_rows as "rows", engine as engine
      from information_schema.tables where table_schema = ${schema} and table_name = ${table.name}`)
    if (row === undefined) return null
    const found = { schema: row.schema ?? '', name: row.name ?? '' }
    const isView = /VIEW/.test(row.type ?? '')
    return {
      ...found,
      isView,
      columns: await columnsOf(query, found),
      indexes: await indexesOf(query, found),
      rows: isView ? null : Number(row.rows ?? 0),
      isTransactional: isView || !/^(MyISAM|Aria|MEMORY|CSV|ARCHIVE)$/i.test(row.engine ?? ''),
    }
  },

  async plan(query, statement) {
    const rows = await query(sql`explain ${statement}`)
    const read = rows.filter(({ table }) => table != null && !table.startsWith('<'))
    return {
      lines: read.map(
        (row) =>
          `${row.table}: ${row.type}, key ${row.key ?? 'none'}, ${row.rows} rows, ${row.Extra ?? ''}`,
      ),
      usesIndex: read.every(({ type }) => type !== 'ALL' && type !== 'index'),
    }
  },

  async statuses(query, { table, column: { name, kind } }) {
    const distinct = sql`select distinct ${sql.ref(name)} as value
      from ${sql.id(table.schema, table.name)} limit ${statusesMax + 1}`
    // A bit would come as a byte.
    const rows = await query(
      kind === 'bit' ? sql`select value + 0 as value from (${distinct}) as found` : distinct,
    )
    return rows.map(({ value }) => value ?? null)
  },

  async routines(query, { schema, name }) {
    const rows = await query(sql`
      select concat('trigger ', trigger_name) as name, action_statement as body
      from information_schema.triggers where trigger_schema = ${schema}
      union all
      select concat('event ', event_name), event_definition from information_schema.events where event_schema = ${schema}
      union all
      select concat(lower(routine_type), ' ', routine_name), routine_definition
      from information_schema.routines where routine_schema = ${schema}
      order by 1 limit 500`)
    return rows
      .map((row) => ({ name: row.name ?? '', body: row.body ?? '' }))
      .filter(({ body }) => body.toLowerCase().includes(name.toLowerCase()))
  },

  async writeRights(query) {
    const rows = await query(sql`show grants`)
    const grants = rows.flatMap((row) => Object.values(row).map((grant) => grant ?? ''))
    const rights = grants.flatMap((grant) => grantedBy(grant))
    return [...new Set(rights)].sort()
  },
}

/** Of `GRANT SELECT, UPDATE (a, b) ON …`, what is more than reading. */
function grantedBy(grant: string): readonly string[] {
  const [, list = ''] = /^GRANT (.*?) ON /i.exec(grant) ?? []
  return list
    .replaceAll(/\([^)]*\)/g, '')
    .split(',')
    .map((right) => right.trim().toUpperCase())
    .filter((right) => !['', 'SELECT', 'USAGE', 'SHOW VIEW', 'PROXY'].includes(right))
}

async function columnsOf(
  query: Query,
  { schema, name }: TableName,
): Promise<readonly ColumnFacts[]> {
  const rows = await query(sql`
    select column_name as name, data_type as base, column_type as type, is_nullable as nullable,
      collation_name as collation
    from information_schema.columns where table_schema = ${schema} and table_name = ${name}
    order by ordinal_position`)
  return rows.map((row) => ({
    name: row.name ?? '',
    kind: kindOf((row.base ?? '').toLowerCase()),
    type: row.type ?? '',
    isNullable: row.nullable === 'YES',
    ignoresCase: /_ci$/.test(row.collation ?? ''),
    ignoresBlanks: row.collation != null && !/_nopad_|_0900_/.test(row.collation),
    labels: labelsIn(row.type ?? ''),
  }))
}

/** Of `enum('a','b')`. */
function labelsIn(type: string): readonly string[] | null {
  if (!/^enum\(/i.test(type)) return null
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) =>
    label.replaceAll("''", "'"),
  )
}

const kinds: Readonly<Record<ColumnKind, readonly string[]>> = {
  integer: ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'],
  decimal: ['decimal'],
  float: ['float', 'double'],
  text: [
    'char',
    'varchar',
    'tinytext',
    'text',
    'mediumtext',
    'longtext',
    'enum',
    'binary',
    'varbinary',
  ],
  local: ['datetime', 'date'],
  instant: ['timestamp'],
  bit: ['bit'],
  boolean: [],
  other: [],
}

function kindOf(type: string): ColumnKind {
  const found = Object.entries(kinds).find(([, types]) => types.includes(type))
  return (found?.[0] ?? 'other') as ColumnKind
}

async function indexesOf(
  query: Query,
  { schema, name }: TableName,
): Promise<readonly IndexFacts[]> {
  const rows = await query(sql`
    select index_name as name, min(non_unique) as nonunique,
      group_concat(coalesce(column_name, '') order by seq_in_index separator '\n') as columns,
      max(sub_part) as part
    from information_schema.statistics where table_schema = ${schema} and table_name = ${name}
    group by index_name order by 1`)
  return rows.map((row) => ({
    name: row.name ?? '',
    columns: (row.columns ?? '').split('\n'),
    // Of a prefix alone it says nothing about whole values.
    isUnique: row.nonunique === '0' && row.part === null,
    isPrimary: row.name === 'PRIMARY',
    predicate: null,
  }))
}
