import type { PublishedType, StoredEvent } from '../../domain/webhooks/published-event.ts'

/** What budan publishes. Triggers write it, in the transaction that each event is about. */
export interface EventStore {
  /**
   * Gives positions to events that were committed and have none, the first `limit` of them: fewer than
   * that when none is left.
   */
  positionEvents(request: { readonly limit: number }): Promise<Positioned>
  /**
   * The events behind a cursor that have positions, oldest first; null: from the oldest kept. Throws
   * `CursorError` for a cursor that is none, and `CursorGoneError` for one of another database, or of
   * before the oldest kept.
   */
  readEvents(request: EventsRequest): Promise<EventsPage>
  /** Removes one portion of the oldest, but never the newest. Returns how many: to be called again while it is `limit`. */
  pruneEvents(request: { readonly olderThanMs: number; readonly limit: number }): Promise<number>
}

export interface Positioned {
  readonly count: number
  /** The last position that was given, now or by another node. */
  readonly last: bigint
}

export interface EventsRequest {
  readonly after: string | null
  /** Null: all. */
  readonly types: readonly PublishedType[] | null
  /** 1 to 200. */
  readonly limit: number
}

export interface EventsPage {
  readonly events: readonly StoredEvent[]
  /** Where to go on; also where there was no event. */
  readonly nextCursor: string
  /** The same as a position. */
  readonly position: bigint
  /** Events behind `nextCursor` are there already, of whatever type. */
  readonly more: boolean
}
