/** The database could not be had, or refused. What became of the work is not known: ask again. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError'
}

/** The row changed since it was locked. Cannot happen where row locks hold; money does not rest on that. */
export class StaleOrderError extends StoreError {
  override readonly name = 'StaleOrderError'
}

/** The answer to a COMMIT was lost: all of its work was done, or none. */
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
const remedy = "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"

/** The database keeps texts in another encoding than UTF-8: what a payer writes could not be stored in it. */
export class EncodingError extends StoreError {
  override readonly name = 'EncodingError'

  constructor({ database, encoding }: { database: string; encoding: string }) {
    super(
      `Cannot use the database "${database}": its encoding is ${encoding}, not UTF8. Take a new one: ${remedy}`,
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
