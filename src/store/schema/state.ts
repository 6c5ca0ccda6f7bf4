/** Which steps `migrate` takes. */
export interface MigrateOptions {
  /** Also those that a program of the version before cannot live with. */
  readonly breaking?: boolean
  /** Called at each step. */
  readonly onStep?: (step: MigrationStep) => void
  /**
   * A role that gets exactly the rights that `serve` and the other commands need, now and at each later
   * migration. Only on PostgreSQL, and only by the owner of the tables. Throws `GrantError` for one that
   * is not there, or that no grant limits.
   */
  readonly grants?: string
}

/** What `migrate` does at the moment. */
export interface MigrationStep {
  /** `waiting`: its tables are in use; it begins again in a moment. */
  readonly kind: 'begun' | 'waiting'
  readonly name: string
  /** Migrations that are missing, this one included. */
  readonly toDo: number
}

/** How the tables of a database stand against this program. */
export interface SchemaState {
  /** Migrations of this program that the database lacks, and that `serve` applies. */
  readonly pending: readonly string[]
  /** Those that wait until no node of the version before is left: `budan migrate --breaking`. */
  readonly held: readonly string[]
  /** Migrations of the database that this program does not know: it is older than its database. */
  readonly unknown: readonly string[]
  /** Those of them that this program cannot live with. With all others it goes on as before. */
  readonly breaking: readonly string[]
}
