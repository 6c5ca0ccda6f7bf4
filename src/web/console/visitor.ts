import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Locale, localeOfHeader, locales } from '../../i18n/locale.ts'
import { isForwardedTls } from '../web-app.ts'

/** What a page has to know of the browser that asks for it. */
export interface Visitor {
  readonly locale: Locale
  readonly theme: Theme
  /** With its query: where a form that is not about this page comes back to. */
  readonly path: string
  /** There is a session to end. */
  readonly canLogOut: boolean
}

/** `auto`: as the system has it. */
export type Theme = (typeof themes)[number]

export const themes = ['auto', 'light', 'dark'] as const

export const cookieNames = {
  session: 'budan_session',
  csrf: 'budan_csrf',
  locale: 'budan_locale',
  theme: 'budan_theme',
  flash: 'budan_flash',
} as const

export function visitorOf(request: FastifyRequest, { canLogOut }: { canLogOut: boolean }): Visitor {
  const { cookies } = request
  const { locale, theme } = cookieNames
  return {
    locale:
      locales.find((each) => each === cookies[locale]) ??
      localeOfHeader(request.headers['accept-language']),
    theme: themes.find((each) => each === cookies[theme]) ?? 'auto',
    path: request.method === 'GET' ? request.url : backFrom(request),
    canLogOut,
  }
}

/** For no script, no other site's forms, and no longer than `maxAgeS`; without it, while the browser is open. */
export function setCookie(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  { name, value, maxAgeS }: { name: string; value: string; maxAgeS?: number },
): void {
  reply.setCookie(name, value, {
    ...{ path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(request) },
    ...(maxAgeS !== undefined && { maxAge: maxAgeS }),
  })
}

/** Behind any proxy that speaks TLS in our place. Whoever forges it harms only their own cookie. */
export function isSecure({ headers }: FastifyRequest): boolean {
  return isForwardedTls(headers)
}

/** The page that a form was on: after a POST there is nothing to come back to at its own path. */
function backFrom({ headers }: FastifyRequest): string {
  try {
    const { host, pathname, search } = new URL(headers.referer ?? '')
    return host === headers.host ? ownPath(`${pathname}${search}`) : '/'
  } catch {
    return '/'
  }
}

/** A path of this site, so that no link can send somebody who logs in elsewhere. */
export function ownPath(path: unknown): string {
  const isOwn = typeof path === 'string' && /^\/(?![/\\])[\x21-\x7e]*$/.test(path)
  return isOwn && path.length <= pathLengthMax ? path : '/'
}

const pathLengthMax = 2000
