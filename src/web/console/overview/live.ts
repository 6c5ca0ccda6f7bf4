import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { StoreError } from '../../../store/errors.ts'
import { Refusal } from '../../errors.ts'
import type { WebApp } from '../../web-app.ts'
import type { OverviewFeed } from './feed.ts'
import type { Snapshot } from './snapshot.ts'

/** What a page holds that can change: the content of its regions, by their names. */
export type Regions = Readonly<Record<string, string>>

export interface LiveParts {
  readonly feed: OverviewFeed
  /** Whether who sent the request is still let in. Throws `StoreError` while nobody can tell. */
  isStillIn(request: FastifyRequest): Promise<boolean>
  /** The regions as whoever sent the request sees them, and the time that they are of. */
  render(
    snapshot: Snapshot,
    request: FastifyRequest,
  ): { readonly regions: Regions; readonly now: Date }
}

/** Each is a connection, and each browser has six for all its pages of this console. */
const streamsMax = 64

/** Who lets so much pile up does not read: some dozens of updates. */
const unreadBytesMax = 512 * 1024

/** A browser that lost its stream comes again after so long. */
const retryMs = 2_000

export const livePath = '/live'

/**
 * `GET /live`: the regions of the overview as events, whole at first, then each as it changes; and
 * `tick` with the time of each reading, so that silence means a lost connection. The stream ends
 * with the session (`ended`), where that cannot be looked up (`away`), with the server, or with a
 * reader that does not read.
 */
export function addLive(app: WebApp, parts: LiveParts): void {
  const streams = new Set<Stream>()
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end()
  })
  app.get(livePath, { exposeHeadRoute: false }, async (request, reply) => {
    if (streams.size >= streamsMax) {
      reply.header('retry-after', '60')
      const message = `${streamsMax} pages are kept up to date already: close some`
      throw new Refusal(503, { code: 'streams_full', message })
    }
    const stream = new Stream(open(reply))
    streams.add(stream)
    const forget = parts.feed.subscribe(async (snapshot) => {
      const standing = await standingOf(parts.isStillIn(request))
      if (standing !== 'in') return stream.end(standing)
      const { regions, now } = parts.render(snapshot, request)
      stream.show(regions)
      stream.send('tick', now.toISOString())
    })
    const leave = () => {
      forget()
      streams.delete(stream)
    }
    reply.raw.on('close', leave)
    // A response whose turn on the connection has not come hears nothing of its end.
    request.raw.socket.on('close', leave)
  })
}

/** `away`: the database could not say. */
async function standingOf(asked: Promise<boolean>): Promise<'in' | 'ended' | 'away'> {
  try {
    return (await asked) ? 'in' : 'ended'
  } catch (error) {
    if (error instanceof StoreError) return 'away'
    throw error
  }
}

function open(reply: FastifyReply): ServerResponse {
  const headers = reply.getHeaders()
  reply.hijack()
  reply.raw.writeHead(200, {
    ...(headers as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    // Kept by nobody on the way, and no connection left over when the server stops.
    'x-accel-buffering': 'no',
    connection: 'close',
  })
  reply.raw.write(`retry: ${retryMs}\n\n`)
  return reply.raw
}

/** One viewer's connection. */
export class Stream {
  readonly #response: ServerResponse
  /** As the page has them. */
  #shown: Regions = {}

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** Sends those that are not as the page has them. */
  show(regions: Regions): void {
    for (const [name, content] of Object.entries(regions)) {
      if (this.#shown[name] !== content) this.send(name, content)
    }
    this.#shown = regions
  }

  /** Nothing once it has ended: it may stay open for long where nobody reads. */
  send(event: string, data: string): void {
    if (this.#response.writableEnded) return
    if (this.#response.writableLength > unreadBytesMax) return void this.#response.destroy()
    // Each of these ends a line of the protocol, and texts of others may have them.
    const lines = data.split(/\r\n?|\n/).map((line) => `data: ${line}\n`)
    this.#response.write(`event: ${event}\n${lines.join('')}\n`)
  }

  /** `event`: the last one, which says why. */
  end(event?: string): void {
    if (event !== undefined) this.send(event, '')
    this.#response.end()
  }
}
