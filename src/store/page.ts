/** Which page of a list. */
export interface PageRequest {
  /** 1 to 200. */
  readonly limit: number
  /** From the page before; throws `CursorError` when it is not one of ours. */
  readonly cursor: string | null
}

/** One page of a list. `nextCursor` is null on the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}
