import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, {
  errorCodes,
  type FastifyBaseLogger,
  type FastifyInstance,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify'
import {
  createSerializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { marking, unmarked } from '../text/exact-json.ts'
import type { MissedCallbacks } from './api/missed-callbacks.ts'
import { answerRefusal, pathPartMax, Refusal, refusalOf } from './errors.ts'

/** A Fastify application whose routes take their types from zod schemas. */
export type WebApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>

export interface WebLimits {
  /** For a request to arrive whole. */
  readonly arrivalMs: number
  /** For a request to be answered. */
  readonly answerMs: number
  /** For requests in flight when `close` is called. */
  readonly closeMs: number
}

export const webLimits: WebLimits = {
  // Bodies are small: who needs longer holds a socket for its own sake.
  arrivalMs: 15_000,
  // A manual run asks a whole batch within its own deadline of minutes; only a hang takes longer.
  answerMs: 600_000,
  // A check may query, close and query again, each within the gateway's deadline of 5 s by default.
  closeMs: 20_000,
}

/** A notification has some 1.5 KiB, an order less. */
const bodyBytesMax = 64 * 1024

export interface WebParts {
  /** Whether the forwarded headers of this address are believed. */
  readonly isProxy: (address: string) => boolean
  /** Hears of signed requests that miss. */
  readonly missed: MissedCallbacks
}

/** An application without routes: its limits, body parser, headers and end. */
export function createWebApp(limits: WebLimits, { isProxy, missed }: WebParts): WebApp {
  const app = Fastify({
    logger: false,
    rewriteUrl: ({ method, url = '' }) => missed.routedUrl(method, url),
    trustProxy: isProxy,
    bodyLimit: bodyBytesMax,
    requestTimeout: limits.arrivalMs,
    // Idle sockets, not slow work: longer than any answer takes.
    connectionTimeout: limits.answerMs + limits.arrivalMs,
    http: {
      // Node swaps the two when the headers' deadline is the later one.
      headersTimeout: limits.arrivalMs,
      connectionsCheckingInterval: Math.ceil(limits.arrivalMs / 4),
    },
    // Ours is refuseWhileClosing, in the one shape of errors.
    return503OnClosing: false,
    routerOptions: { maxParamLength: pathPartMax },
    clientErrorHandler: answerClientError,
    // Zod's are set below. Without these, Fastify loads its own: a hundred files that nobody uses.
    schemaController: {
      compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler },
    },
    // Met before there is a route, so past hooks and error handlers.
    frameworkErrors: (error, request, reply) => {
      const refusal = refusalOf(error)
      missed.look(request, refusal.status)
      answerRefusal(reply.headers(safeHeaders), refusal)
    },
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  readJsonBodies(app)
  missed.watch(app)
  addHeaders(app, isProxy)
  answerInTime(app, limits)
  refuseWhileClosing(app)
  limitUnanswered(app)
  return app
}

const compileSerializer = createSerializerCompiler({ replacer: marking })

/** Zod's, but for sums that are larger than JavaScript's numbers. */
function serializerCompiler(route: Parameters<typeof compileSerializer>[0]) {
  const serialize = compileSerializer(route)
  return (answer: unknown) => unmarked(serialize(answer))
}

function noCompiler(): never {
  throw new Error('Every schema is compiled by zod')
}

/** JSON in UTF-8 or nothing. An empty body is none, whatever its content type says. */
function readJsonBodies(app: WebApp): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = utf8Text(body as Buffer)
    if (text === null) {
      const message = 'Cannot read the body: it is not valid UTF-8'
      done(new Refusal(400, { code: 'json_malformed', message }))
    } else if (text === '') done(null, undefined)
    else parseJson(request, text, done)
  })
}

function utf8Text(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Pages have a policy of their own; nothing else is to be shown as one. */
const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** A year without plain HTTP, for browsers that came by TLS: a header that plain HTTP brings is void. */
const tlsOnly = { 'strict-transport-security': 'max-age=31536000' }

function addHeaders(app: FastifyInstance, isProxy: (address: string) => boolean): void {
  app.addHook('onRequest', async ({ headers, raw }, reply) => {
    reply.headers(safeHeaders)
    const isByProxy = isProxy(raw.socket.remoteAddress ?? '')
    if (isByProxy && isForwardedTls(headers)) reply.headers(tlsOnly)
  })
}

/** A proxy that speaks TLS in our place says so. */
export function isForwardedTls(headers: IncomingHttpHeaders): boolean {
  return /^\s*https\b/i.test(String(headers['x-forwarded-proto'] ?? ''))
}

/**
 * Fastify's own `handlerTimeout` takes a request whose body was read for one that has ended, and
 * lets it hang for ever. (It also makes an abort signal for each, a fifth of what a callback costs
 * here.)
 */
function answerInTime(app: FastifyInstance, { answerMs }: WebLimits): void {
  app.addHook('onRequest', async ({ url }, reply) => {
    const answerLate = () => {
      if (reply.sent) return
      const late = new errorCodes.FST_ERR_HANDLER_TIMEOUT(String(answerMs), url)
      if (reply.raw.headersSent) reply.raw.destroy(late)
      else reply.send(late)
    }
    const timer = setTimeout(answerLate, answerMs)
    reply.raw.once('close', () => clearTimeout(timer))
  })
}

/** Requests in flight are finished; new ones on kept connections are sent elsewhere. */
function refuseWhileClosing(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onRequest', async () => {
    if (isClosing) throw new Refusal(503, { code: 'stopping', message: 'budan is stopping' })
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
}

/** Browsers and clients wait for each answer; some send a few requests ahead. */
const unansweredMax = 16

/**
 * Answers are held in memory until they are read: a thousand requests that are sent at once on one
 * connection, by somebody who reads nothing, would make tens of megabytes of them.
 */
function limitUnanswered(app: FastifyInstance): void {
  const unanswered = new WeakMap<Socket, number>()
  app.addHook('onRequest', async ({ raw: { socket } }, reply) => {
    const count = (unanswered.get(socket) ?? 0) + 1
    unanswered.set(socket, count)
    reply.raw.once('finish', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1))
    if (count <= unansweredMax) return
    const message = `Cannot answer: ${unansweredMax} requests before this one are not answered yet`
    throw new Refusal(429, { code: 'too_many_ahead', message })
  })
}

/** What is no HTTP, or does not arrive in time. There is no request yet to answer by. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) {
    const status = clientErrorStatus(error.code)
    const body = JSON.stringify({ code: 'http_malformed', message: STATUS_CODES[status] })
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\nX-Content-Type-Options: nosniff\r\n` +
        `Cache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    )
  }
  socket.destroy()
}

function clientErrorStatus(code: string | undefined): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
}
