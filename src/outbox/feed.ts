import type { MerchantIdentity } from '../domain/merchant.ts'
import {
  type PublishedEvent,
  type PublishedType,
  publishedTypes,
} from '../domain/webhooks/published-event.ts'
import { WrongRequest } from '../orders/validate.ts'
import type { Store } from '../store/store.ts'
import { published } from './published.ts'
import type { Pump } from './pump.ts'

/** A part of the feed. */
export interface FeedRequest {
  /** `nextCursor` of the page before, or the `cursor` of an event; null or absent: from the oldest kept. */
  readonly after?: string | null | undefined
  /** Null or absent: all. */
  readonly types?: readonly PublishedType[] | null | undefined
}

/** One page of the feed. */
export interface FeedPageRequest extends FeedRequest {
  /** 1 to 200; 50 by default. */
  readonly limit?: number
  /** How long to wait for an event where there is none. */
  readonly waitMs?: number
  /** Ends the wait: the page is empty then. */
  readonly signal?: AbortSignal
}

/** An event, and where the feed goes on behind it. */
export interface FeedEvent extends PublishedEvent {
  readonly cursor: string
}

/** Events in the order of their positions, oldest first. */
export interface FeedPage {
  readonly events: readonly FeedEvent[]
  /** Where to go on; also where there was no event. */
  readonly nextCursor: string
}

export interface FeedParts {
  readonly store: Pick<Store, 'readEvents'>
  readonly pump: Pick<Pump, 'position' | 'waitBeyond'>
  /** With the names that they have in the configuration. */
  readonly merchants: readonly (MerchantIdentity & { readonly name: string })[]
  /** Aborts when a stop begins; there is a new one for what begins after that. */
  readonly ended: () => AbortSignal
}

/** What is published, in the order of positions. */
export class Feed {
  readonly #parts: FeedParts

  constructor(parts: FeedParts) {
    this.#parts = parts
  }

  /** Throws `CursorError`, `CursorGoneError`, and `StoreError` when the database is not available. */
  async read({ signal: parent, ...request }: FeedPageRequest = {}): Promise<FeedPage> {
    const { signal, leave } = eitherOf(this.#parts.ended(), parent)
    try {
      return await readPage(this.#parts, { ...request, signal })
    } finally {
      leave()
    }
  }

  async *follow({
    after = null,
    types = null,
    signal: parent,
  }: FeedRequest & Pick<FeedPageRequest, 'signal'> = {}): AsyncGenerator<FeedEvent, void> {
    const { signal, leave } = eitherOf(this.#parts.ended(), parent)
    try {
      for (let cursor = after; !signal.aborted; ) {
        const request = { after: cursor, types, limit: followedAtOnce, waitMs: followMs, signal }
        const page = await readPage(this.#parts, request)
        for (const event of page.events) {
          if (signal.aborted) return
          yield event
        }
        cursor = page.nextCursor
      }
    } finally {
      leave()
    }
  }
}

/** As many as are held in memory at once. */
const followedAtOnce = 100

/** A wait ends by itself, so that a lost wake-up would cost no more than this. */
const followMs = 30_000

/** Not `AbortSignal.any`, which keeps what it made as long as the signal of the service lives. */
function eitherOf(...signals: readonly (AbortSignal | undefined)[]): {
  readonly signal: AbortSignal
  leave(): void
} {
  const controller = new AbortController()
  const abort = () => controller.abort()
  for (const each of signals) {
    each?.addEventListener('abort', abort, { once: true })
    if (each?.aborted) abort()
  }
  const leave = () => {
    for (const each of signals) each?.removeEventListener('abort', abort)
  }
  return { signal: controller.signal, leave }
}

async function readPage(
  { store, pump, merchants }: FeedParts,
  {
    after = null,
    types = null,
    limit = 50,
    waitMs = 0,
    signal,
  }: FeedPageRequest & { readonly signal: AbortSignal },
): Promise<FeedPage> {
  refuseUnknown(types)
  const endsAt = performance.now() + waitMs
  for (let cursor = after; ; ) {
    await pump.position()
    const page = await store.readEvents({ after: cursor, types, limit })
    const leftMs = endsAt - performance.now()
    const isWhole = page.events.length > 0 || signal.aborted
    if (isWhole || (!page.more && leftMs <= 0)) {
      const events = page.events.map((event) => ({
        ...published(event, merchants),
        cursor: event.cursor,
      }))
      return { events, nextCursor: page.nextCursor }
    }
    cursor = page.nextCursor
    if (!page.more) await pump.waitBeyond(page.position, { ms: leftMs, signal })
  }
}

/** Plain JavaScript may name a type that never comes. */
function refuseUnknown(types: readonly string[] | null): void {
  const known: readonly string[] = publishedTypes
  const wrong = types?.find((type) => !known.includes(type))
  if (wrong === undefined) return
  throw new WrongRequest(
    `Cannot read events: types must be of ${known.join(', ')}, not ${JSON.stringify(wrong)}`,
  )
}
