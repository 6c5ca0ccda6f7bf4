import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { cookieNames, type Exchange, setCookie } from '../visitor.ts'
import { type Given, givenOf } from './forms.ts'

/**
 * A message for the page after a form, in a cookie that the page deletes: a reload repeats neither the
 * form nor the message.
 */
export type Flash = Readonly<Record<string, unknown>> & { readonly kind: string }

/** Browsers store 4 KiB of a cookie, and the encoding may triple a text. */
const lengthMax = 3500

/** False: it is too long for a cookie. */
export function sendFlash(exchange: Exchange, flash: Flash, { maxAgeS = 60 } = {}): boolean {
  const value = Buffer.from(JSON.stringify(flash)).toString('base64url')
  if (value.length > lengthMax) return false
  setCookie(exchange, { name: cookieNames.flash, value, maxAgeS })
  return true
}

/** Long enough to find the token for the login. */
const keptFormS = 15 * 60

/** Keeps the input of a refused form, without secrets, for its page. False: it is too long. */
export function keepForm(exchange: Exchange): boolean {
  const { _csrf, token, ...given } = givenOf(exchange.request.body)
  if (Object.keys(given).length === 0) return true
  return sendFlash(exchange, { kind: 'form', given }, { maxAgeS: keptFormS })
}

/** The input of a form that was kept; null: there is none. */
export function keptIn(flash: Flash | null): Given | null {
  if (flash?.kind !== 'form') return null
  return z.record(z.string(), z.string()).safeParse(flash.given).data ?? null
}

/** Keeps the flash for the next page, because this one could not be rendered. */
export function leaveFlash(exchange: Exchange): void {
  const value = exchange.request.cookies[cookieNames.flash]
  if (value === undefined) return
  setCookie(exchange, { name: cookieNames.flash, value, maxAgeS: keptFormS })
}

/** Null: there is none. The owner of a browser can write any flash: parse what is used. */
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
