/** A table or view, by the names of the catalogue. */
export interface TableName {
  readonly schema: string
  readonly name: string
}

/** What the catalogue says of a table. */
export interface TableFacts extends TableName {
  readonly isView: boolean
  readonly columns: readonly ColumnFacts[]
  readonly indexes: readonly IndexFacts[]
  /** An estimate of the database; null: of a view. */
  readonly rows: number | null
  /** False: its engine has no transactions (MyISAM). */
  readonly isTransactional: boolean
}

export type ColumnKind =
  | 'text'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'boolean'
  /** A date and time without a zone. */
  | 'local'
  /** A date and time that is an instant. */
  | 'instant'
  | 'bit'
  | 'other'

export interface ColumnFacts {
  readonly name: string
  readonly kind: ColumnKind
  /** As the database writes it: `decimal(20,2)`. */
  readonly type: string
  readonly isNullable: boolean
  readonly ignoresCase: boolean
  /** Blanks at the end make no difference when two values are compared. */
  readonly ignoresBlanks: boolean
  /** The values that it can have; null: any of its type. */
  readonly labels: readonly string[] | null
}

export interface IndexFacts {
  readonly name: string
  readonly columns: readonly string[]
  readonly isUnique: boolean
  readonly isPrimary: boolean
  /** Of a partial index; null: every row is in it. */
  readonly predicate: string | null
}

/** How the database would read the first page. */
export interface Plan {
  readonly lines: readonly string[]
  readonly usesIndex: boolean
}

/** `shop.orders`, for messages. */
export function nameOfTable({ schema, name }: TableName): string {
  return `${schema}.${name}`
}

/** Columns that name one row each: of the primary key, or of a unique index without nulls; null: none. */
export function keyOf(facts: TableFacts): readonly string[] | null {
  const isPresent = (name: string) =>
    facts.columns.some((column) => column.name === name && !column.isNullable)
  const keys = facts.indexes
    .filter(({ isUnique, predicate }) => isUnique && predicate === null)
    .filter(({ columns }) => columns.length > 0 && columns.every(isPresent))
  const key = keys.find(({ isPrimary }) => isPrimary) ?? keys[0]
  return key?.columns ?? null
}

/** Whether no two rows have the same order number. */
export function isUnique(facts: TableFacts, column: string): boolean {
  return facts.indexes.some(
    ({ isUnique, columns, predicate }) =>
      isUnique &&
      columns.length === 1 &&
      columns[0] === column &&
      (predicate === null || isOfNumbers(predicate, column)),
  )
}

/** Every row with a number is in the index: one without is none of the gateway's. */
function isOfNumbers(predicate: string, column: string): boolean {
  const bare = predicate.replaceAll(/[()"]|::(?:text|character varying|bpchar)/g, '')
  const whole = [`${column} <> ''`, `${column} is not null`].map((each) => each.toLowerCase())
  return bare.split(/ and /i).every((part) => whole.includes(part.trim().toLowerCase()))
}

/** Whether a page of one status is a range of some index. */
export function hasScanIndex(
  facts: TableFacts,
  { status, createdAt }: { readonly status: string; readonly createdAt: string },
): boolean {
  return facts.indexes.some(
    ({ columns, predicate }) =>
      predicate === null && columns[0] === status && columns[1] === createdAt,
  )
}
