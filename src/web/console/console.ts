import fastifyCookie from '@fastify/cookie'
import fastifyCsrf from '@fastify/csrf-protection'
import fastifyForms from '@fastify/formbody'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../domain/clock.ts'
import type { Emit } from '../../domain/event.ts'
import type { Scope } from '../../domain/scope.ts'
import type { Budan } from '../../service.ts'
import type { Access } from '../access/access.ts'
import { callerOf } from '../access/actor.ts'
import { refuseOtherSites } from '../access/other-sites.ts'
import { requireScopes } from '../access/scopes.ts'
import { answerRefusal, Refusal, refusalOf, reportFailure } from '../errors.ts'
import type { WebApp } from '../web-app.ts'
import { addAccounts } from './accounts/accounts.tsx'
import { addAssets } from './assets.ts'
import { addAudit } from './audit/audit.tsx'
import { addExceptions } from './exceptions/exceptions.tsx'
import { LatestExceptions } from './exceptions/latest-exceptions.ts'
import { sendAwayPage } from './frame/away-page.tsx'
import {
  errorText,
  formOldCode,
  isByHtmx,
  loginOverCode,
  pageAwayCode,
  sendErrorPage,
  wantsPage,
} from './frame/error-page.tsx'
import { keepForm, leaveFlash } from './frame/flash.ts'
import { addPreferences } from './frame/preferences.ts'
import type { Frame } from './frame/rendering.ts'
import { LatestAudit } from './latest-audit.ts'
import { Guard } from './login/guard.ts'
import { addLogin, loginPath, logoutPath, sendLogin, sendLoginAgain } from './login/login.tsx'
import { Sessions, sessionHoursDefault } from './login/session.ts'
import { addOrders } from './orders/orders.tsx'
import { livePath } from './overview/live.ts'
import { addOverview } from './overview/overview.tsx'
import { addReviews } from './reviews/reviews.tsx'
import { Routes } from './rights/routes.ts'
import { tokenAgain } from './rights/token-again.ts'
import { addRuns } from './runs/runs.tsx'
import { addSessions } from './sessions/sessions.tsx'
import { cookieNames, type Exchange, isSecure, localeOf, pathOf, visitorOf } from './visitor.ts'

export interface ConsoleOptions {
  readonly access: Access
  readonly sessions?: { readonly hours: number } | undefined
  readonly emit: Emit
  readonly clock: Clock
  readonly version: string
  /** `/metrics` needs no token. */
  readonly hasMetrics: boolean
}

/** Pages for operators. Register it in a scope of its own: forms are read here, not in the API. */
export async function addConsole(
  app: WebApp,
  { budan, ...options }: ConsoleOptions & { readonly budan: Budan },
): Promise<void> {
  const { access, clock, version, emit, hasMetrics } = options
  const { tokens } = access
  const hours = options.sessions?.hours ?? sessionHoursDefault
  const sessions = tokens.isOpen ? null : new Sessions({ store: budan.store, tokens, hours })
  const guard = new Guard({ sessions, access })
  app.decorate('gateway', budan.gateway)
  app.decorate('merchants', budan.merchants)
  const routes = new Routes()
  const latestExceptions = new LatestExceptions(budan.store)
  app.addHook('onRoute', (route) => {
    route.schema ??= { hide: true }
    routes.add(route)
  })
  await readForms(app, { lifeS: hours * 3600 })

  app.decorate('frameOf', (request: FastifyRequest, reply: FastifyReply): Frame => {
    const caller = callerOf(request)
    // What nobody examined may be offered all the same: its route refuses it.
    const mayUse = (scope: Scope) => caller === null || access.may(request, scope)
    return {
      visitor: visitorOf(request, { isBySession: guard.entryOf(request) === 'session' }),
      csrf: reply.generateCsrf({ secure: isSecure(request) }),
      ...{ version, caller, hasMetrics, openExceptions: latestExceptions.of(request) },
      may: (method, path) => routes.isOpen(method, path, mayUse),
    }
  })
  answerWithPages(app, { emit, guard })
  app.addHook('preValidation', async (request) => {
    const isPage = request.routeOptions.url !== livePath
    refuseOtherSites(request, { isOpen: tokens.isOpen, isPage })
  })

  await addAssets(app)
  await app.register(async (anybody: WebApp) => {
    checkForms(anybody, () => true)
    addPreferences(anybody)
    if (sessions !== null) addLogin(anybody, { sessions, access })
  })
  await app.register(async (guarded: WebApp) => {
    guarded.addHook('preValidation', async (request, reply) => {
      const entry = await guard.admit(request, reply)
      if (entry === 'refused' && !reply.sent) return requireLogin(request, reply)
    })
    // Only its owner sends a Bearer token; cookies are sent by every page.
    checkForms(guarded, (request) => guard.entryOf(request) !== 'token')
    requireScopes(guarded, access, 'preValidation')
    guarded.addHook('preHandler', async (request) => {
      if (wantsPage(request)) await latestExceptions.readFor(request)
    })
    const latestAudit = new LatestAudit(budan.store, { clock, emit: budan.emit })
    const isStillIn = (request: FastifyRequest) => guard.isStillIn(request)
    const again = tokenAgain({ access, guard })
    const shared = { latestAudit, latestExceptions }
    const parts = { budan, clock, ...shared, isStillIn, tokenAgain: again }
    for (const addPage of pages) addPage(guarded, parts)
    if (sessions !== null) addSessions(guarded, { store: budan.store, sessions, access })
  })
  app.get('/*', async (request, reply) => {
    // Programs, and paths of the API, get the API's own 404.
    if (!wantsPage(request) || request.url.startsWith('/v1/')) return reply.callNotFound()
    const entry = await guard.admit(request, reply)
    if (reply.sent) return reply
    if (entry === 'refused') return requireLogin(request, reply)
    const message = `No such page: ${request.url.split('?', 1)[0]?.slice(0, 200)}`
    throw new Refusal(404, { code: 'not_found', message })
  })
}

const pages = [addOverview, addOrders, addAccounts, addAudit, addRuns, addReviews, addExceptions]

/** Reads only forms: another site can make a browser send JSON only under a false content type. */
async function readForms(app: WebApp, { lifeS }: { lifeS: number }): Promise<void> {
  app.removeAllContentTypeParsers()
  await app.register(fastifyCookie)
  await app.register(fastifyForms)
  await app.register(fastifyCsrf, {
    cookieKey: cookieNames.csrf,
    // As long as a login, so that a page that a browser restores at its start can still be sent.
    cookieOpts: { path: '/', httpOnly: true, sameSite: 'lax', maxAge: lifeS },
    getToken: ({ body }) => (body as Record<string, string> | undefined)?._csrf,
  })
}

/** A request that changes something needs the CSRF token of a form, besides its cookie. */
function checkForms(app: WebApp, needsToken: (request: FastifyRequest) => boolean): void {
  app.addHook('preValidation', async (request, reply) => {
    if (request.method !== 'POST' || reply.sent || !needsToken(request)) return
    await new Promise<void>((resolve, reject) => {
      const refused = (error?: Error) => (error === undefined ? resolve() : reject(error))
      app.csrfProtection(request, { send: refused } as unknown as FastifyReply, refused)
    })
  })
}

/** The input and the path of a sent form are kept for after the login. */
function requireLogin(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!wantsPage(request)) {
    reply.header('www-authenticate', 'Bearer')
    // A part that reloads itself must not replace the page that somebody reads.
    const code = isByHtmx(request) ? loginOverCode : 'unauthorized'
    throw new Refusal(401, { code, message: 'Authorization: a Bearer token is needed' })
  }
  const late = request.method === 'POST' ? (keepForm({ request, reply }) ? 'kept' : 'lost') : null
  return sendLogin(reply.code(401), { next: pathOf(request), late })
}

function answerWithPages(app: WebApp, { emit, guard }: { emit: Emit; guard: Guard }): void {
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = consoleRefusal(error, request)
    reportFailure(error, { refusal, request, emit })
    // Before the cookies are read, language and appearance are not known.
    const isKnown = (request.cookies as unknown) !== null
    if (!isKnown || !(wantsPage(request) || isByHtmx(request))) return answerRefusal(reply, refusal)
    const isOld = refusal.code === formOldCode
    if (isOld && request.routeOptions.url === loginPath) return sendLoginAgain(reply)
    const isKept = keepTyped({ request, reply }, refusal)
    // A request without a login changed nothing, and neither did a GET.
    const isUntouched = request.method === 'GET' || guard.entryOf(request) === null
    const shown = isUntouched ? asUntouched(refusal) : refusal
    if (wantsPage(request) && shown.code === pageAwayCode) return sendAwayPage(reply)
    if (wantsPage(request)) return sendErrorPage(reply, { refusal: shown, isKept })
    const text = errorText(shown, localeOf(request))
    return reply.code(refusal.status).type('text/plain; charset=utf-8').send(text)
  })
}

/** Keeps the input of a form that is out of date, or that failed here. */
function keepTyped(exchange: Exchange, { code, status }: Refusal): boolean {
  const { method, routeOptions } = exchange.request
  // The forms of login and logout have no input to keep.
  if (routeOptions.url === loginPath || routeOptions.url === logoutPath) return false
  if (method === 'POST') {
    return (code === formOldCode || status >= 500) && keepForm(exchange)
  }
  // The page that would have taken the flash is not available: the next one gets it.
  if (status === 503) leaveFlash(exchange)
  return false
}

/** As for the API, except for faults that only forms can have. */
function consoleRefusal(error: unknown, request: FastifyRequest): Refusal {
  const code = String((error as Partial<FastifyError> | null)?.code)
  if (code.startsWith('FST_CSRF_')) {
    const message = 'The form is out of date. Nothing was done'
    return new Refusal(403, { code: formOldCode, message })
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const message =
      'Cannot read the form: its content type must be application/x-www-form-urlencoded'
    return new Refusal(415, { code: 'content_type_unsupported', message })
  }
  return refusalOf(error, request)
}

/** For a request that changed nothing, even without the database. */
function asUntouched(refusal: Refusal): Refusal {
  const { status, code, message } = refusal
  const isAway = code === 'database_unavailable'
  return isAway ? new Refusal(status, { code: pageAwayCode, message }) : refusal
}
