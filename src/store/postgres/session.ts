import pg, { type ClientBase } from 'pg'
import { queryUnlimited } from '../../servers/time-limits.ts'
import { sqlText } from '../../text/sql-text.ts'
import { EncodingError, UnusableError } from '../errors.ts'

/** Settings of each session, as the server returns them. */
export type Settings = Readonly<Record<string, string>>

/**
 * What decides how values are read and written, whatever the database, the role or a pooler sets. The
 * server's own deadlines that would end a session of ours are off.
 *
 * Not `default_transaction_read_only`: an operator who sets it wants nothing written.
 */
export const sameForAll: Settings = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  client_encoding: 'UTF8',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  plan_cache_mode: 'auto',
  default_transaction_isolation: sqlText`read committed`,
  default_transaction_deferrable: 'off',
  // Since 14, and 17.
  idle_session_timeout: '0',
  transaction_timeout: '0',
}

/** Facts of a new session. */
export interface SessionFacts {
  /** A standby, or a database or a role that is set so. */
  readonly readOnly: boolean
  /** The process that serves it, which is not the one that greeted us where a pooler is between. */
  readonly pid: number
}

interface SettledRow {
  readonly encoding: string
  readonly version: string
  readonly read_only: string
  readonly pid: number
  readonly settings: Readonly<Record<string, string>>
}

/** Settings that an older server does not know are left out. */
const settle = sqlText`
  select current_setting('server_encoding') as encoding,
    current_setting('server_version_num') as version,
    current_setting('transaction_read_only') as read_only,
    pg_backend_pid() as pid,
    (select json_object_agg(name, set_config(name, value, false))
      from (values `

const known = sqlText`) as wanted (name, value)
      where current_setting(name, true) is not null) as settings`

/** As long as connecting may take. */
export const settleMsMax = 5_000

/**
 * Makes a new session ours, in one round trip. Throws where it cannot: settings that decide how
 * money is read must be known.
 */
export async function settleSession(
  client: ClientBase,
  { database, settings }: { readonly database: string; readonly settings: Settings },
): Promise<SessionFacts> {
  const wanted = Object.entries(settings).map((pair) => `(${pair.map(literal).join(', ')})`)
  const [row] = await queryUnlimited<SettledRow>(client, {
    text: `${settle}${wanted.join(', ')}${known}`,
    timeoutMs: settleMsMax,
  })
  if (row === undefined)
    throw settingStays(database, { setting: 'all', value: 'unknown', wanted: '' })
  examine(row, { database, settings })
  return { readOnly: row.read_only === 'on', pid: row.pid }
}

/** Reads the same whatever `standard_conforming_strings` is. */
function literal(text: string): string {
  return pg.escapeLiteral(text)
}

/** The oldest that the tests run on. */
const versionMin = 13

/**
 * In any other encoding there are characters that cannot be stored, and a credit would fail for
 * what its payer or the gateway wrote. Without one (SQL_ASCII) they would be stored unread.
 */
function examine(
  { encoding, version, settings: got }: SettledRow,
  { database, settings }: { readonly database: string; readonly settings: Settings },
): void {
  const major = Math.floor(Number(version) / 10_000)
  if (!(major >= versionMin)) {
    throw new UnusableError(database, {
      what: `its server is PostgreSQL ${major}, and ${versionMin} is the oldest that is supported`,
      remedy: 'move it to a newer PostgreSQL',
    })
  }
  if (encoding !== 'UTF8') throw new EncodingError({ database, encoding })
  for (const [setting, wanted] of Object.entries(settings)) {
    const value = got[setting]
    if (value !== undefined && value !== wanted) {
      throw settingStays(database, { setting, value, wanted })
    }
  }
}

function settingStays(
  database: string,
  { setting, value, wanted }: { setting: string; value: string; wanted: string },
): UnusableError {
  return new UnusableError(database, {
    what: `its setting ${setting} stays at "${value}" where "${wanted}" is needed; something between budan and PostgreSQL keeps it there`,
    remedy: 'let it pass the setting on, or name the address of PostgreSQL itself',
  })
}
