import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { StoreError } from '../../../store/errors.ts'
import { Refusal } from '../../errors.ts'
import type { WebApp } from '../../web-app.ts'
import type { ConsoleParts } from '../frame/page.ts'
import type { OverviewFeed } from './feed.ts'
import type { Snapshot } from './snapshot.ts'

/** The parts of the page that can change: their content, by name. */
export type Regions = Readonly<Record<string, string>>

export interface LiveParts extends Pick<ConsoleParts, 'isStillIn'> {
  readonly feed: OverviewFeed
  /** The regions for the sender of the request, and their time. */
  render(
    snapshot: Snapshot,
    request: FastifyRequest,
  ): { readonly regions: Regions; readonly now: Date }
}

/** Each is a connection. A browser has six for all its tabs of one server. */
const streamsMax = 64

/** A client with this much unread data, dozens of updates, does not read. */
const unreadBytesMax = 512 * 1024

/** A browser that lost its stream reconnects after this time. */
const retryMs = 2_000

export const livePath = '/live'

/**
 * `GET /live`: the regions of the overview as events, all of them at first, then each as it changes;
 * and `tick` with the time of each snapshot, so that silence means a lost connection. The stream ends
 * with the session (`ended`), when the session cannot be looked up (`away`), with the server, or when
 * the client does not read.
 */
export function addLive(app: WebApp, parts: LiveParts): void {
  const streams = new Set<Stream>()
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end()
  })
  app.get(
    livePath,
    { exposeHeadRoute: false, config: { scope: 'orders:read' } },
    async (request, reply) => {
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
      // A response that waits for its turn on the connection gets no `close` event of its own.
      request.raw.socket.on('close', leave)
    },
  )
}

/** `away`: the database did not answer. */
async function standingOf(isStillIn: Promise<boolean>): Promise<'in' | 'ended' | 'away'> {
  try {
    return (await isStillIn) ? 'in' : 'ended'
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
    // Proxies must not buffer it, and no connection may be left over when the server stops.
    'x-accel-buffering': 'no',
    connection: 'close',
  })
  reply.raw.write(`retry: ${retryMs}\n\n`)
  return reply.raw
}

export class Stream {
  readonly #response: ServerResponse
  #shown: Regions = {}

  constructor(response: ServerResponse) {
    this.#response = response
  }

  show(regions: Regions): void {
    for (const [name, content] of Object.entries(regions)) {
      if (this.#shown[name] !== content) this.send(name, content)
    }
    this.#shown = regions
  }

  /** Sends nothing after the end: the connection may stay open for long where the client does not read. */
  send(event: string, data: string): void {
    if (this.#response.writableEnded) return
    if (this.#response.writableLength > unreadBytesMax) return void this.#response.destroy()
    // Each of these ends a line of the protocol, and foreign texts may contain them.
    const lines = data.split(/\r\n?|\n/).map((line) => `data: ${line}\n`)
    this.#response.write(`event: ${event}\n${lines.join('')}\n`)
  }

  /** `event`: the last one, which names the cause. */
  end(event?: string): void {
    if (event !== undefined) this.send(event, '')
    this.#response.end()
  }
}
