import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import {
  publishedTypes,
  publishedTypesIn,
  publishedTypesRule,
} from '../../domain/webhooks/published-event.ts'
import type { FeedEvent } from '../../outbox/feed.ts'
import type { Budan } from '../../service.ts'
import { CursorError, CursorGoneError } from '../../store/errors.ts'
import { Refusal } from '../errors.ts'
import { apiSchemas, documented, fault, guarded, named, pageQuery, time } from '../schema.ts'
import type { WebApp } from '../web-app.ts'

/** Below the 60 s after which proxies commonly give up. */
const waitSecsMax = 30

/** Each held request keeps a connection. Of more, one consumer is in a loop, or there are too many of them. */
const heldMax = 100

const waitRule = `must be whole seconds, from 0 to ${waitSecsMax}`

const query = z.strictObject({
  after: documented(
    z.string({ error: 'must be given once' }).optional(),
    '`next_cursor` of the page before. Without: from the oldest event that is kept.',
  ),
  types: z
    .string({ error: 'must be given once' })
    .check(({ value, issues }) => {
      if (publishedTypesIn(value) === null)
        issues.push({ code: 'custom', input: value, message: publishedTypesRule })
    })
    .optional()
    .register(apiSchemas, {
      description: 'Only events of these types, separated by commas. Without: all.',
      examples: ['order.paid,order.review_opened'],
    }),
  limit: pageQuery.shape.limit,
  wait: documented(
    z
      .string({ error: 'must be given once' })
      .regex(/^\d{1,2}$/, { error: waitRule })
      .transform(Number)
      .refine((secs) => secs <= waitSecsMax, { error: waitRule })
      .optional(),
    `Seconds, at most ${waitSecsMax}, that the request is held while there is no event. It is answered as soon as there is one.`,
  ),
})

const eventShape = named('PublishedEvent', {
  id: documented(
    z.string(),
    'Of the event, the same however often it is read or delivered: `evt_` and 32 hexadecimal digits.',
  ),
  type: z.enum(publishedTypes),
  timestamp: documented(time, 'When it happened.'),
  data: documented(
    z.record(z.string(), z.unknown()),
    'What happened, complete: see `docs/events.md`. New members may come.',
  ),
})

const pageShape = named('PublishedEventPage', {
  events: z.array(eventShape),
  next_cursor: documented(
    z.string(),
    'Where to go on: never null, because the feed has no end. It is behind the last event of this page.',
  ),
})

/** The feed. */
export function addEventRoutes(app: WebApp, budan: Budan): void {
  const held = new HeldRequests(app)
  app.get(
    '/v1/events',
    guarded('events:read', {
      operationId: 'readEvents',
      tags: ['events'],
      summary: 'What happened, oldest first, from a cursor on; held until something does',
      querystring: query,
      answers: {
        200: [pageShape, 'A page; empty where there is no event.'],
        400: [fault, '`request_invalid`, `cursor_invalid`'],
        410: [
          fault,
          '`cursor_gone`: it is older than what is kept, or of another or a restored database. Events were missed: compare with `GET /v1/orders`, and read again without `after`.',
        ],
        429: [fault, '`too_many_waiting`: too many requests are held already.'],
      },
    }),
    async ({ query: { after = null, types, limit, wait = 0 } }, reply) => {
      const request = { after, types: types === undefined ? null : publishedTypesIn(types), limit }
      const page = await held
        .hold(reply, { wait }, (signal) =>
          budan.readEvents({ ...request, waitMs: wait * 1000, signal }),
        )
        .catch((error) => refuseCursor(error, after))
      return { events: page.events.map(presentEvent), next_cursor: page.nextCursor }
    },
  )
}

function refuseCursor(error: unknown, after: string | null): never {
  const shown = JSON.stringify(after?.slice(0, 60) ?? null)
  if (error instanceof CursorGoneError) {
    throw new Refusal(410, { code: 'cursor_gone', message: `after: ${error.message}` })
  }
  if (error instanceof CursorError) {
    const message = `after: must be a next_cursor that GET /v1/events answered with, not ${shown}`
    throw new Refusal(400, { code: 'cursor_invalid', message })
  }
  throw error
}

export function presentEvent({ id, type, timestamp, data }: FeedEvent) {
  return { id, type, timestamp: timestamp.toISOString(), data }
}

/** Requests that wait end with their connections, and when the server begins to close. */
class HeldRequests {
  readonly #held = new Set<AbortController>()
  #isClosing = false

  constructor(app: WebApp) {
    app.addHook('preClose', async () => {
      this.#isClosing = true
      for (const each of this.#held) each.abort()
    })
  }

  async hold<T>(
    reply: FastifyReply,
    { wait }: { readonly wait: number },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController()
    if (wait === 0) return work(controller.signal)
    if (this.#held.size >= heldMax) {
      const message = `wait: ${heldMax} requests are held already: read without it, or wait with fewer`
      throw new Refusal(429, { code: 'too_many_waiting', message })
    }
    const abort = () => controller.abort()
    reply.raw.once('close', abort)
    if (this.#isClosing || reply.raw.destroyed) abort()
    this.#held.add(controller)
    try {
      return await work(controller.signal)
    } finally {
      this.#held.delete(controller)
      reply.raw.off('close', abort)
    }
  }
}
