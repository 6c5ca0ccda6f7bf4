import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Locale, localeOfHeader, locales } from '../../i18n/locale.ts'
import { isForwardedTls } from '../web-app.ts'

/** A request, and what it is answered by. */
export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** What a page has to know of its browser. */
export interface Visitor {
  readonly locale: Locale
  readonly theme: Theme
  /** With its query. A form that does not concern this page returns to it. */
  readonly path: string
  /** Logged in: there is a session to end. */
  readonly isBySession: boolean
}

/** `auto`: as the operating system has it. */
export type Theme = (typeof themes)[number]

export const themes = ['auto', 'light', 'dark'] as const

export const cookieNames = {
  session: 'budan_session',
  csrf: 'budan_csrf',
  locale: 'budan_locale',
  theme: 'budan_theme',
  flash: 'budan_flash',
} as const

export function visitorOf(
  request: FastifyRequest,
  { isBySession }: { isBySession: boolean },
): Visitor {
  return {
    locale: localeOf(request),
    theme: themes.find((each) => each === request.cookies[cookieNames.theme]) ?? 'auto',
    path: pathOf(request),
    isBySession,
  }
}

/** As chosen in the console, or else as the browser prefers. */
export function localeOf({ cookies, headers }: FastifyRequest): Locale {
  const chosen = locales.find((each) => each === cookies[cookieNames.locale])
  return chosen ?? localeOfHeader(headers['accept-language'])
}

/** HttpOnly, SameSite=Lax, for `maxAgeS`; without that, until the browser is closed. */
export function setCookie(
  { request, reply }: Exchange,
  { name, value, maxAgeS }: { name: string; value: string; maxAgeS?: number },
): void {
  reply.setCookie(name, value, {
    ...{ path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(request) },
    ...(maxAgeS !== undefined && { maxAge: maxAgeS }),
  })
}

/** Behind any proxy that terminates TLS. A client that forges the header affects only its own cookie. */
export function isSecure({ headers }: FastifyRequest): boolean {
  return isForwardedTls(headers)
}

export function pathOf(request: FastifyRequest): string {
  return request.method === 'GET' ? request.url : backFrom(request)
}

/** The page of the form: the path of a POST has no page to return to. */
function backFrom({ headers }: FastifyRequest): string {
  try {
    const { host, pathname, search } = new URL(headers.referer ?? '')
    return host === headers.host ? ownPath(`${pathname}${search}`) : '/'
  } catch {
    return '/'
  }
}

/** A path of this site, so that no link can redirect a login to another site. */
export function ownPath(path: unknown): string {
  const isOwn = typeof path === 'string' && /^\/(?![/\\])[\x21-\x7e]*$/.test(path)
  return isOwn && path.length <= pathLengthMax ? path : '/'
}

const pathLengthMax = 2000
