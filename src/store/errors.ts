import { readOnlyRemedy } from '../servers/postgres-remedies.ts'

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

/** The transaction needs a sequence to prove its credits in, and all are in use. Nothing outside the store sees it. */
export class SequenceNeededError extends StoreError {
  override readonly name = 'SequenceNeededError'

  constructor() {
    super('sequence_needed')
  }
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

/** The schema is behind, or not there, and this user may not change that. */
export class MigrationRightsError extends StoreError {
  override readonly name = 'MigrationRightsError'
}

/** A role that no rights can be granted to. */
export class GrantError extends StoreError {
  override readonly name = 'GrantError'

  constructor(role: string, { what, ...options }: StoreErrorOptions & { what: string }) {
    super(`Cannot grant rights to ${JSON.stringify(role)}: ${what}`, options)
  }
}

/** The database, or what is in front of it, is not as it has to be. `what` says how. */
export class UnusableError extends StoreError {
  override readonly name: string = 'UnusableError'

  constructor(database: string, { what, ...options }: StoreErrorOptions & { what: string }) {
    super(`Cannot use the database "${database}": ${what}`, options)
  }
}

/** Any other template may be of another encoding itself. */
const takeNew = "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"

/** The database keeps texts in another encoding than UTF-8: what a payer writes could not be stored in it. */
export class EncodingError extends UnusableError {
  override readonly name = 'EncodingError'

  constructor({ database, encoding }: { database: string; encoding: string }) {
    super(database, {
      what: `its encoding is ${encoding}, not UTF8. Take a new one: ${takeNew}`,
    })
  }
}

/** A page cursor that this program did not make. */
export class CursorError extends Error {
  override readonly name = 'CursorError'
}

/** A cursor of events from which nobody can go on without missing some: it is too old, or of another database. */
export class CursorGoneError extends Error {
  override readonly name = 'CursorGoneError'
}

/** Another process has the embedded database open. */
export class DatabaseBusyError extends StoreError {
  override readonly name = 'DatabaseBusyError'
}

/** Of several hosts, or where the address requires one that can be written to. */
export class ReadOnlyError extends UnusableError {
  override readonly name = 'ReadOnlyError'

  constructor(database: string) {
    super(database, { what: 'it is read-only', remedy: readOnlyRemedy })
  }
}
