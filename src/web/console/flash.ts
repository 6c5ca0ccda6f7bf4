import type { FastifyReply, FastifyRequest } from 'fastify'
import { cookieNames, setCookie } from './visitor.ts'

/**
 * What the page after a form has to tell, carried there by a cookie that it takes away again: a
 * reload then repeats neither the form nor the news.
 */
export type Flash = Readonly<Record<string, unknown>> & { readonly kind: string }

/** A browser keeps 4 KiB of a cookie, and texts may triple when they are encoded. */
const lengthMax = 3500

export function sendFlash(
  exchange: { request: FastifyRequest; reply: FastifyReply },
  flash: Flash,
): void {
  const value = Buffer.from(JSON.stringify(flash)).toString('base64url')
  if (value.length <= lengthMax)
    setCookie(exchange, { name: cookieNames.flash, value, maxAgeS: 60 })
}

/** Null: there is none. Anybody may have written it, into their own browser: parse what is used. */
export function takeFlash(request: FastifyRequest, reply: FastifyReply): Flash | null {
  const value = request.cookies[cookieNames.flash]
  if (value === undefined) return null
  reply.clearCookie(cookieNames.flash, { path: '/' })
  try {
    const flash = JSON.parse(Buffer.from(value, 'base64url').toString()) as unknown
    const isFlash = typeof flash === 'object' && flash !== null && 'kind' in flash
    return isFlash ? (flash as Flash) : null
  } catch {
    return null
  }
}
