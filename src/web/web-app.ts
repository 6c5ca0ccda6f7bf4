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
import { answerRefusal, pathPartMax, Refusal, refusalOf } from './errors.ts'
import type { MissedCallbacks } from './missed-callbacks.ts'

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
  // Bodies are small: a client that needs longer only holds a socket.
  arrivalMs: 15_000,
  // A manual run queries a whole batch within its own deadline of minutes; only a hang takes longer.
  answerMs: 600_000,
  // A check may query, close and query again, each within the gateway's deadline of 5 s by default.
  closeMs: 20_000,
}

/** A notification has about 1.5 KiB, an order less. */
const bodyBytesMax = 64 * 1024

export interface WebParts {
  /** Whether the forwarded headers of this address are trusted. */
  readonly isProxy: (address: string) => boolean
  /** Receives signed requests that miss the callback's path. */
  readonly missed: MissedCallbacks
}

/** An application without routes: limits, body parser, headers, shutdown. */
export function createWebApp(limits: WebLimits, { isProxy, missed }: WebParts): WebApp {
  const app = Fastify({
    logger: false,
    rewriteUrl: ({ method, url = '' }) => missed.routedUrl(method, url),
    trustProxy: isProxy,
    bodyLimit: bodyBytesMax,
    requestTimeout: limits.arrivalMs,
    // This limits idle sockets, not slow work: it is longer than any answer takes.
    connectionTimeout: limits.answerMs + limits.arrivalMs,
    http: {
      // Node swaps the two when the headers' deadline is the later one.
      headersTimeout: limits.arrivalMs,
      connectionsCheckingInterval: Math.ceil(limits.arrivalMs / 4),
    },
    // refuseWhileClosing does this, in the one shape of errors.
    return503OnClosing: false,
    routerOptions: { maxParamLength: pathPartMax },
    clientErrorHandler: answerClientError,
    // Zod's compilers are set below. Without these options Fastify loads its own, a hundred unused files.
    schemaController: {
      compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler },
    },
    // This happens before routing, so hooks and error handlers do not see it.
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

/** Zod's serializer, except that sums may be larger than JavaScript's numbers. */
function serializerCompiler(route: Parameters<typeof compileSerializer>[0]) {
  const serialize = compileSerializer(route)
  return (answer: unknown) => unmarked(serialize(answer))
}

function noCompiler(): never {
  throw new Error('Every schema is compiled by zod')
}

/** Reads JSON in UTF-8. An empty body counts as no body, with any content type. */
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

/** Pages set a policy of their own; no other answer may be rendered as a page. */
const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** HSTS for a year, for requests over TLS: browsers ignore the header over plain HTTP. */
const tlsOnly = { 'strict-transport-security': 'max-age=31536000' }

function addHeaders(app: FastifyInstance, isProxy: (address: string) => boolean): void {
  app.addHook('onRequest', async ({ headers, raw }, reply) => {
    reply.headers(safeHeaders)
    const isByProxy = isProxy(raw.socket.remoteAddress ?? '')
    if (isByProxy && isForwardedTls(headers)) reply.headers(tlsOnly)
  })
}

/** A proxy in front terminates TLS, and sends this header. */
export function isForwardedTls(headers: IncomingHttpHeaders): boolean {
  return /^\s*https\b/i.test(String(headers['x-forwarded-proto'] ?? ''))
}

/**
 * Fastify's own `handlerTimeout` takes a request whose body was read for one that has ended, and never
 * answers it. (It also creates an abort signal for each request, a fifth of the cost of a callback.)
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

/** Requests in flight are finished; new ones on open connections get a 503. */
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

/** Browsers and clients wait for each answer; some pipeline a few requests. */
const unansweredMax = 16

/**
 * Answers are held in memory until they are read: a client that pipelines a thousand requests and reads
 * nothing would hold tens of megabytes.
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

/** For input that is not HTTP, or that does not arrive in time: there is no request to answer yet. */
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
