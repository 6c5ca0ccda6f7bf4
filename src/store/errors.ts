import { readOnlyRemedy, takenRemedy } from '../servers/postgres-remedies.ts'

/** `remedy`: the next step; the message ends with it. */
export interface StoreErrorOptions extends ErrorOptions {
  readonly remedy?: string | null
}

/** The database could not be reached, or refused. The outcome of the work is not known: try again. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError'
  /** The next step; null where there is none. */
  readonly remedy: string | null

  /** `what`: the cause alone; a remedy is put behind it. */
  constructor(what: string, { remedy = null, ...options }: StoreErrorOptions = {}) {
    super(remedy === null ? what : `${what}; ${remedy}`, options)
    this.remedy = remedy
  }

  /** The message without the remedy: the cause alone. */
  get what(): string {
    return this.remedy === null ? this.message : this.message.slice(0, -`; ${this.remedy}`.length)
  }
}

/** The directory of an embedded database, or what is in it, is none that can be opened. */
export class DirectoryError extends StoreError {
  override readonly name = 'DirectoryError'

  constructor(
    { directory, what, remedy }: { directory: string; what: string; remedy: string },
    options: ErrorOptions = {},
  ) {
    super(`Cannot open the database in "${directory}": ${what}`, { ...options, remedy })
  }
}

/** The row changed since it was locked. Row locks prevent that; money does not depend on them. */
export class StaleOrderError extends StoreError {
  override readonly name = 'StaleOrderError'
}

/** The answer to a COMMIT was lost: all of the work was committed, or none. */
export class UnknownOutcomeError extends StoreError {
  override readonly name = 'UnknownOutcomeError'
}

/** A newer program migrated the database in a way that this one cannot live with. */
export class NewerSchemaError extends StoreError {
  override readonly name = 'NewerSchemaError'

  constructor(breaking: readonly string[]) {
    super(
      `Cannot use this database: a newer budan migrated it (${breaking.join(', ')}), and this one cannot live with that; upgrade this one`,
    )
  }
}

/** Any other template may be of another encoding itself. */
const takeNew = "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"

/** The database keeps texts in another encoding than UTF-8: what a payer writes could not be stored in it. */
export class EncodingError extends StoreError {
  override readonly name = 'EncodingError'

  constructor({ database, encoding }: { database: string; encoding: string }) {
    super(
      `Cannot use the database "${database}": its encoding is ${encoding}, not UTF8. Take a new one: ${takeNew}`,
    )
  }
}

/** A page cursor that this program did not make. */
export class CursorError extends Error {
  override readonly name = 'CursorError'
}

/** Another process has the embedded database open. */
export class DatabaseBusyError extends StoreError {
  override readonly name = 'DatabaseBusyError'
}

/** What decides how values are read could not be set. */
export class SettingError extends StoreError {
  override readonly name = 'SettingError'

  constructor({ database, setting, value, wanted }: SettingFault) {
    super(
      `Cannot use the database "${database}": its setting ${setting} stays at "${value}" where "${wanted ?? ''}" is needed; something between budan and PostgreSQL keeps it there`,
      { remedy: 'let it pass the setting on, or name the address of PostgreSQL itself' },
    )
  }
}

interface SettingFault {
  readonly database: string
  readonly setting: string
  readonly value: string
  readonly wanted?: string
}

/** Older than what is tested. */
export class ServerVersionError extends StoreError {
  override readonly name = 'ServerVersionError'

  constructor({ database, version }: { database: string; version: string }) {
    super(
      `Cannot use the database "${database}": its server is PostgreSQL ${version}, and 13 is the oldest that is supported`,
      { remedy: 'move it to a newer PostgreSQL' },
    )
  }
}

/** Sessions that are not the same from one transaction to the next carry no settings, and no statements. */
export class PoolerError extends StoreError {
  override readonly name = 'PoolerError'

  constructor(database: string) {
    super(`Cannot use the database "${database}": ${poolerFault}`, { remedy: poolInSessions })
  }
}

const poolerFault =
  'a pooler in front of it hands each transaction to another session, which keeps neither settings nor prepared statements'

const poolInSessions =
  'set pool_mode = session in PgBouncer for this database (also where max_prepared_statements is above 0), or name the address of PostgreSQL itself'

/** In session mode each connection needs a session of its own. */
export class PoolerRoomError extends StoreError {
  override readonly name = 'PoolerRoomError'

  constructor(database: string, options: ErrorOptions) {
    super(
      `Cannot use the database "${database}": the pooler in front of it has no second session to give`,
      {
        ...options,
        remedy: 'raise default_pool_size in PgBouncer: each process of budan needs up to 12',
      },
    )
  }
}

/** Of several hosts, or where the address requires one that can be written to. */
export class ReadOnlyError extends StoreError {
  override readonly name = 'ReadOnlyError'

  constructor(database: string) {
    super(`Cannot use the database "${database}": it is read-only`, {
      remedy: readOnlyRemedy,
    })
  }
}

/** Two installations in one database, and nobody said which. */
export class TwoPlacesError extends StoreError {
  override readonly name = 'TwoPlacesError'

  constructor({ database, schemas }: { database: string; schemas: readonly string[] }) {
    super(
      `Cannot use the database "${database}": it has budan's tables in more than one schema (${schemas.join(', ')})`,
      { remedy: 'say which one: add ?options=-c%20search_path%3DSCHEMA to the url' },
    )
  }
}

/** There are tables of ours where this session does not look. To make others would part the orders. */
export class UnseenPlaceError extends StoreError {
  override readonly name = 'UnseenPlaceError'

  constructor({ database, schemas }: { database: string; schemas: readonly string[] }) {
    super(
      `Cannot use the database "${database}": budan's tables are in a schema that is not in this user's search_path (${schemas.join(', ')})`,
      {
        remedy:
          'say where to look, or where to make new ones: add ?options=-c%20search_path%3DSCHEMA to the url',
      },
    )
  }
}

/** The role may not make what a new installation needs. */
export class SchemaRightError extends StoreError {
  override readonly name = 'SchemaRightError'

  constructor(schema: string) {
    super(`Cannot make the schema "${schema}" for budan's tables: this user may not`, {
      remedy: `let an owner of the database run CREATE SCHEMA "${schema}" AUTHORIZATION this user, or GRANT CREATE ON DATABASE to it`,
    })
  }
}

/** A table of another program has the name of one of ours. */
export class TakenSchemaError extends StoreError {
  override readonly name = 'TakenSchemaError'

  constructor(schema: string) {
    super(`Cannot use the schema "${schema}": it has a table "orders" of another program`, {
      remedy: takenRemedy,
    })
  }
}
