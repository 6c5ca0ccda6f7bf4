import type { FastifyReply, FastifyRequest } from 'fastify'
import { givenOf } from './forms.ts'
import { cookieNames, setCookie } from './visitor.ts'

/**
 * What the page after a form has to tell, carried there by a cookie that it takes away again: a
 * reload then repeats neither the form nor the news.
 */
export type Flash = Readonly<Record<string, unknown>> & { readonly kind: string }

/** A browser keeps 4 KiB of a cookie, and texts may triple when they are encoded. */
const lengthMax = 3500

/** False: it is too long to be carried. */
export function sendFlash(
  exchange: { request: FastifyRequest; reply: FastifyReply },
  flash: Flash,
  { maxAgeS = 60 } = {},
): boolean {
  const value = Buffer.from(JSON.stringify(flash)).toString('base64url')
  if (value.length > lengthMax) return false
  setCookie(exchange, { name: cookieNames.flash, value, maxAgeS })
  return true
}

/** Long enough to look up the token of the login. */
const keptFormS = 15 * 60

/** Has the page of a form that was refused give back what was typed, but no secret. False: too long. */
export function keepForm(exchange: { request: FastifyRequest; reply: FastifyReply }): boolean {
  const { _csrf, token, ...given } = givenOf(exchange.request.body)
  if (Object.keys(given).length === 0) return true
  return sendFlash(exchange, { kind: 'form', given }, { maxAgeS: keptFormS })
}

/** What was taken is there again for the next page: this one could not be made. */
export function leaveFlash(exchange: { request: FastifyRequest; reply: FastifyReply }): void {
  const value = exchange.request.cookies[cookieNames.flash]
  if (value === undefined) return
  setCookie(exchange, { name: cookieNames.flash, value, maxAgeS: keptFormS })
}

/** Null: there is none. Anybody may have written it, into their own browser: parse what is used. */
export function takeFlash(request: FastifyRequest, reply: FastifyReply): Flash | null {
  const value = request.cookies[cookieNames.flash]
  if (value === undefined) return null
  reply.clearCookie(cookieNames.flash, { path: '/' })
  try {
    const flash = JSON.parse(Buffer.from(value, 'base64url').toString()) as unknown
    return isFlash(flash) ? flash : null
  } catch {
    return null
  }
}

function isFlash(value: unknown): value is Flash {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
  )
}
