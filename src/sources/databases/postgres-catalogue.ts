import { sql } from 'kysely'
import type { Query, Row, SqlDialect } from './database.ts'
import { statusesMax } from './limits.ts'
import type { ColumnFacts, ColumnKind, IndexFacts } from './table-facts.ts'

const system = sql`n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'`

/** `pg_catalog` shows every column; `information_schema` only those that this user may read. */
export const postgresCatalogue: SqlDialect = {
  kind: 'postgres',

  async tables(query) {
    const rows = await query(sql`
      select n.nspname || '.' || c.relname as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and ${system}
        and has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select')
      order by 1`)
    return rows.map(({ name }) => name ?? '')
  },

  async facts(query, table) {
    const found = await query(sql`
      select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
        greatest(c.reltuples, 0)::bigint as rows
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relname = ${table.name} and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and ${table.schema === '' ? system : sql`n.nspname = ${table.schema}`}
      order by n.nspname <> 'public', n.nspname limit 1`)
    const [row] = found
    if (row === undefined) return null
    const isView = row.kind === 'v'
    return {
      schema: row.schema ?? '',
      name: row.name ?? '',
      isView,
      columns: await columnsOf(query, row),
      indexes: await indexesOf(query, row),
      rows: isView ? null : Number(row.rows),
      isTransactional: true,
    }
  },

  async plan(query, statement) {
    const rows = await query(sql`explain ${statement}`)
    const lines = rows.map((row) => row['QUERY PLAN'] ?? '')
    return { lines, usesIndex: !lines.some((line) => /Seq Scan/.test(line)) }
  },

  /** Walks from each status to the next greater one: `distinct` would read the whole index. */
  async statuses(query, { table, column }) {
    const [from, status] = [sql.id(table.schema, table.name), sql.ref(column.name)]
    const rows = await query(sql`
      with recursive walk as (
        (select ${status} as value from ${from} where ${status} is not null order by ${status} limit 1)
        union all
        select (select ${status} from ${from} where ${status} > walk.value order by ${status} limit 1)
        from walk where walk.value is not null)
      select value from walk where value is not null limit ${statusesMax + 1}`)
    return rows.map(({ value }) => value ?? null)
  },

  async routines(query, table) {
    const rows = await query(sql`
      select 'function ' || n.nspname || '.' || p.proname as name, p.prosrc as body
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where ${system} and p.prokind in ('f', 'p') and position(lower(${table.name}) in lower(p.prosrc)) > 0
      union all
      select 'rule ' || r.rulename, pg_get_ruledef(r.oid)
      from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
      where ${system} and r.rulename <> '_RETURN'
      order by 1 limit 500`)
    return rows.map(({ name, body }) => ({ name: name ?? '', body: body ?? '' }))
  },

  async writeRights(query, { schema, name }) {
    const [row] = await query(sql`
      select (select rolsuper from pg_roles where rolname = current_user) as superuser,
        concat_ws(',', ${sql.join(
          ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER'].map(
            (right) =>
              sql`case when has_table_privilege(${sql`format('%I.%I', ${schema}::text, ${name}::text)`}, ${right}) then ${right}::text end`,
          ),
        )}) as rights`)
    const rights = (row?.rights ?? '').split(',').filter((right) => right !== '')
    return row?.superuser === 't' ? ['SUPERUSER'] : rights
  },
}

async function columnsOf(query: Query, { oid }: Row): Promise<readonly ColumnFacts[]> {
  const rows = await query(sql`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as notnull,
      format_type(coalesce(nullif(t.typbasetype, 0), t.oid), -1) as base, l.collisdeterministic as exact,
      (select json_agg(e.enumlabel order by e.enumsortorder)::text from pg_enum e where e.enumtypid = t.oid) as labels
    from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_collation l on l.oid = a.attcollation
    where a.attrelid = ${oid}::oid and a.attnum > 0 and not a.attisdropped
    order by a.attnum`)
  return rows.map((row) => {
    const labels = row.labels == null ? null : (JSON.parse(row.labels) as readonly string[])
    return {
      name: row.name ?? '',
      kind: labels === null ? kindOf(row.base ?? '') : 'text',
      type: row.type ?? '',
      isNullable: row.notnull !== 't',
      ignoresCase: row.exact === 'f' || /\bcitext$/.test(row.base ?? ''),
      ignoresBlanks: row.base === 'bpchar',
      labels,
    }
  })
}

const kinds: readonly (readonly [RegExp, ColumnKind])[] = [
  [/^(smallint|integer|bigint)$/, 'integer'],
  [/^numeric/, 'decimal'],
  [/^(real|double precision)$/, 'float'],
  [/^(character|bpchar|text|citext|uuid|name|"char")/, 'text'],
  [/^boolean$/, 'boolean'],
  [/^timestamp.* with time zone$/, 'instant'],
  [/^(timestamp|date)/, 'local'],
]

function kindOf(type: string): ColumnKind {
  return kinds.find(([pattern]) => pattern.test(type))?.[1] ?? 'other'
}

async function indexesOf(query: Query, { oid }: Row): Promise<readonly IndexFacts[]> {
  const rows = await query(sql`
    select c.relname as name, i.indisunique as isunique, i.indisprimary as isprimary,
      pg_get_expr(i.indpred, i.indrelid) as predicate,
      (select json_agg(coalesce(a.attname, '') order by k.at)::text
        from unnest(i.indkey::int2[]) with ordinality as k (attnum, at)
        left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where k.at <= i.indnkeyatts) as columns
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = ${oid}::oid and i.indisvalid
    order by c.relname`)
  return rows.map((row) => ({
    name: row.name ?? '',
    columns: JSON.parse(row.columns ?? '[]') as readonly string[],
    isUnique: row.isunique === 't',
    isPrimary: row.isprimary === 't',
    predicate: row.predicate ?? null,
  }))
}
