import { sqlText } from '../../text/sql-text.ts'
import { UnusableError } from '../errors.ts'

/** Where in a database our tables are, or will be. */
export interface Place {
  readonly schema: string
  /** For every session: our schema first, then whatever its own search path was. */
  readonly searchPath: string
}

/** Of a new installation: its tables lie beside nobody else's. */
export const ownSchema = 'budan'

interface PlaceRow {
  readonly path: string
  readonly first: string | null
  readonly seen: string | null
  readonly all: readonly string[]
}

/** Executes a statement on a session that still has its own search path. */
export type Execute = (text: string, values: readonly string[]) => Promise<readonly unknown[]>

const look = sqlText`
  select current_setting('search_path') as path,
    current_schema() as first,
    (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.oid = to_regclass('budan_migrations')) as seen,
    array_to_json(array(select n.nspname::text from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.relname = 'budan_migrations' and c.relkind in ('r', 'p')
      order by n.nspname)) as all`

/**
 * Decided when a database is opened, and the same for every node: tables that are there already stay
 * where they are. A search path in the address decides. Where it is not clear which tables are meant,
 * none are made: a second ledger beside the first would lose orders.
 */
export async function placeIn(
  execute: Execute,
  { database, named }: { readonly database: string; readonly named: string | null },
): Promise<Place> {
  // A pooler may have kept it from the session.
  if (named !== null) await execute(sqlText`select set_config('search_path', $1, false)`, [named])
  const [row] = (await execute(look, [])) as readonly PlaceRow[]
  const path = named ?? row?.path ?? ''
  const schema = schemaOf(row ?? { path, first: null, seen: null, all: [] }, { database, named })
  return { schema, searchPath: pathFrom(schema, path) }
}

function schemaOf(
  { first, seen, all }: PlaceRow,
  { database, named }: { readonly database: string; readonly named: string | null },
): string {
  if (named !== null) return seen ?? first ?? firstName(named) ?? ownSchema
  if (all.includes(ownSchema) && seen !== null && seen !== ownSchema) {
    throw new UnusableError(database, {
      what: `it has budan's tables in more than one schema (${seen}, ${ownSchema})`,
      remedy: 'say which one: add ?options=-c%20search_path%3DSCHEMA to the url',
    })
  }
  const place = seen ?? all.find((schema) => schema === ownSchema)
  if (place !== undefined) return place
  if (all.length > 0) {
    throw new UnusableError(database, {
      what: `budan's tables are in a schema that is not in this user's search_path (${all.join(', ')})`,
      remedy:
        'say where to look, or where to make new ones: add ?options=-c%20search_path%3DSCHEMA to the url',
    })
  }
  return ownSchema
}

/** As PostgreSQL writes a path: names, quoted where they have to be, with commas between. */
function pathFrom(schema: string, path: string): string {
  const rest = namesIn(path).filter((name) => name !== schema)
  return [schema, ...rest].map(quotedName).join(', ')
}

function firstName(path: string): string | undefined {
  return namesIn(path).find((name) => name !== '$user')
}

function namesIn(path: string): readonly string[] {
  const names = path.match(/"(?:[^"]|"")*"|[^\s,"]+/g) ?? []
  return names.map((name) =>
    name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase(),
  )
}

/** `set_config` returns a path as it was given. */
export function quotedName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
