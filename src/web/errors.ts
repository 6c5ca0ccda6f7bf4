import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { MerchantError } from '../desks.ts'
import type { Emit } from '../domain/event.ts'
import { WrongRequest } from '../orders/validate.ts'
import { CursorError, StoreError } from '../store/errors.ts'
import { SeveralOrdersError } from '../store/find-order.ts'
import { answerCallback, type CallbackRoute } from './callback-route.ts'
import type { FaultJson } from './schema.ts'

/** A refused request: thrown by routes, answered as `{"code","message"}`. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: string

  constructor(status: number, fault: FaultJson) {
    super(fault.message)
    this.status = status
    this.code = fault.code
  }
}

/** 404: there is none of that id. */
export function notFound(what: string, id: string): Refusal {
  const message = `Cannot find ${what} ${JSON.stringify(id.slice(0, 64))}`
  return new Refusal(404, { code: `${what}_not_found`, message })
}

/** The longest message: unknown keys are quoted in it, and the caller chose them. */
const messageLengthMax = 500

/** Messages for the requests that Fastify refuses by itself. */
const refusedByFastify: Readonly<Record<string, readonly [code: string, message: string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['json_malformed', 'Cannot read the body: it is not valid JSON'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'content_type_unsupported',
    'Cannot read the body: its content type must be application/json',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'body_truncated',
    'Cannot read the body: it is not as long as its Content-Length says',
  ],
  FST_ERR_BAD_URL: ['url_malformed', 'Cannot read the path: its percent-encoding is broken'],
  FST_ERR_MAX_PARAM_LENGTH: ['url_too_long', 'Cannot read the path: a part of it is too long'],
  FST_ERR_HANDLER_TIMEOUT: [
    'deadline_exceeded',
    'The request did not finish in time; it may still succeed. Query its result, or repeat it.',
  ],
}

/** The answer for any error. A fault of budan's own is a 500 that reveals nothing of the inside. */
export function refusalOf(error: unknown, request?: FastifyRequest): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof CursorError) {
    const message = 'cursor: must be a next_cursor that this list answered with'
    return new Refusal(400, { code: 'cursor_invalid', message })
  }
  if (error instanceof StoreError) {
    const message =
      'The database is not available. Whether the request took effect is not known: repeat it'
    return new Refusal(503, { code: 'database_unavailable', message })
  }
  if (error instanceof SeveralOrdersError) {
    const message = `${error.message}: merchant=NAME`
    return new Refusal(409, { code: 'merchant_required', message })
  }
  if (error instanceof MerchantError) {
    const status = error.code === 'merchant_required' ? 400 : 422
    return new Refusal(status, { code: error.code, message: error.message })
  }
  // The request was validated already: only what depends on the time can be wrong by now.
  if (error instanceof WrongRequest) {
    return new Refusal(400, { code: 'request_invalid', message: error.message })
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    return new Refusal(400, { code: 'request_invalid', message: validationMessage(error, request) })
  }
  if ((error as Partial<FastifyError> | null)?.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return bodyTooLarge(request)
  }
  return refusalByFastify(error) ?? new Refusal(500, { code: 'internal', message: internalMessage })
}

function bodyTooLarge(request?: FastifyRequest): Refusal {
  const kib = (request?.routeOptions.bodyLimit ?? 64 * 1024) / 1024
  const limit = kib < 1024 ? `${kib} KiB` : `${kib / 1024} MiB`
  const message = `Cannot read the body: it exceeds ${limit}`
  return new Refusal(413, { code: 'body_too_large', message })
}

const internalMessage = 'Internal error; the log of budan has the cause'

interface Invalid {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[]
  readonly validationContext?: string
}

function validationMessage({ validation, validationContext }: Invalid, request?: FastifyRequest) {
  const parts: Readonly<Record<string, unknown>> = {
    body: request?.body,
    querystring: request?.query,
    headers: request?.headers,
  }
  const faults = validation.map(({ instancePath, message = 'is wrong' }) => ({
    path: instancePath.split('/').filter((key) => key !== ''),
    message,
  }))
  return faultsMessage(faults, parts[validationContext ?? ''])
}

/** "amount: must be …, not "x"; Unrecognized key: "colour"", in the order of the faults. */
export function faultsMessage(
  faults: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
  given: unknown,
): string {
  const lines = faults.map(({ path, message }) => {
    const keys = path.map(String)
    if (keys.length === 0) return message
    return `${keys.join('.')}: ${message}${contrast(valueAt(given, keys))}`
  })
  return lines.join('; ').slice(0, messageLengthMax)
}

function valueAt(given: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined,
    given,
  )
}

/** Long enough to recognize the value. */
const valueLengthMax = 60

/** The given value, beside the rule that it breaks; lists and objects are not repeated. */
function contrast(value: unknown): string {
  if (value === undefined) return ', and is missing'
  if (typeof value === 'object') return value === null ? ', not null' : ''
  const text = typeof value === 'string' && value.length > valueLengthMax
  return `, not ${JSON.stringify(text ? `${value.slice(0, valueLengthMax)}…` : value)}`
}

function refusalByFastify(error: unknown): Refusal | null {
  // Anything can be thrown, including null.
  const { code, statusCode = 500 } = (error ?? {}) as Partial<FastifyError>
  const known = code === undefined ? undefined : refusedByFastify[code]
  if (known !== undefined) return new Refusal(statusCode, { code: known[0], message: known[1] })
  if (statusCode < 400 || statusCode >= 500) return null
  return new Refusal(statusCode, { code: 'request_invalid', message: 'Cannot read the request' })
}

export type TokenCheck = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/**
 * Answers every error of `app`, and requests without a route, in the one shape; at the path of
 * callbacks in the gateway's.
 */
export function answerErrors(
  app: FastifyInstance,
  { emit, checkToken, callbacks }: { emit: Emit; checkToken: TokenCheck; callbacks: CallbackRoute },
): void {
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = refusalOf(error, request)
    reportFailure(error, { refusal, request, emit })
    return answerRefusal(reply, refusal)
  })
  app.setNotFoundHandler(async (request, reply) => {
    if (isGuarded(request.url, callbacks)) await checkToken(request, reply)
    if (reply.sent) return
    const refusal = noRoute(request)
    if (pathOf(request) !== callbacks.path) return answerRefusal(reply, refusal)
    const { status, message } = refusal
    return answerCallback(reply, callbacks, { kind: 'rejected', status, reason: message })
  })
}

function isGuarded(url: string, callbacks: CallbackRoute): boolean {
  return /^\/v1(\/|\?|$)/.test(url) && !url.startsWith(callbacks.path)
}

/**
 * Sent as text, without the route's own serializer: one that refused this shape would make Fastify
 * answer with the inner message.
 */
export function answerRefusal(reply: FastifyReply, { status, code, message }: Refusal) {
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ code, message }))
}

/** The longest part of a path: 64 characters of a user id, percent-encoded, and some more. */
export const pathPartMax = 1024

function noRoute(request: FastifyRequest): Refusal {
  // The router reports this, unless a route for any path has taken the request.
  if (
    pathOf(request)
      .split('/')
      .some((part) => part.length > pathPartMax)
  ) {
    return refusalByFastify({ code: 'FST_ERR_MAX_PARAM_LENGTH', statusCode: 414 }) as Refusal
  }
  const message = `No such route: ${request.method} ${pathOf(request).slice(0, messageLengthMax)}`
  return new Refusal(404, { code: 'not_found', message })
}

/** Emits faults of budan's own; those of the caller are only answered. */
export function reportFailure(
  error: unknown,
  { refusal, request, emit }: { refusal: Refusal; request: FastifyRequest; emit: Emit },
): void {
  if (refusal.status < 500 || error instanceof Refusal) return
  emit({ type: 'request_failed', method: request.method, path: pathOf(request), error })
}

/** Without the query string. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? ''
}
