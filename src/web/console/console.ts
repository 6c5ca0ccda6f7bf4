import fastifyCookie from '@fastify/cookie'
import fastifyCsrf from '@fastify/csrf-protection'
import fastifyForms from '@fastify/formbody'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Emit } from '../../event.ts'
import type { Budan } from '../../service.ts'
import { answerRefusal, Refusal, refusalOf, reportFailure, type TokenCheck } from '../errors.ts'
import type { WebApp } from '../web-app.ts'
import { addAssets } from './assets.ts'
import { formOldCode, sendErrorPage, wantsPage } from './error-page.tsx'
import { type Entry, entryOf, refuseOtherSites } from './guard.ts'
import type { Frame } from './layout.tsx'
import { addLogin, keptFields, sendLogin } from './login.tsx'
import { addOverview } from './overview/overview.tsx'
import { addPreferences } from './preferences.ts'
import { Sessions } from './session.ts'
import { cookieNames, isSecure, visitorOf } from './visitor.ts'

export interface ConsoleOptions {
  readonly apiToken: string | null
  readonly checkToken: TokenCheck
  readonly emit: Emit
  readonly clock: Clock
  readonly version: string
}

/** What each page is added with. */
export interface ConsoleParts {
  readonly budan: Budan
  readonly clock: Clock
  frameOf(request: FastifyRequest, reply: FastifyReply): Frame
}

/** Pages for operators. To be registered in a scope of its own: forms are read here, not in the API. */
export async function addConsole(
  app: WebApp,
  { budan, ...options }: ConsoleOptions & { readonly budan: Budan },
): Promise<void> {
  const { apiToken, checkToken, clock, version } = options
  const sessions = apiToken === null ? null : new Sessions(apiToken, clock)
  app.addHook('onRoute', (route) => {
    route.schema ??= { hide: true }
  })
  await readForms(app)

  const frameOf = (request: FastifyRequest, reply: FastifyReply): Frame => ({
    visitor: visitorOf(request, { canLogOut: sessions !== null }),
    csrf: reply.generateCsrf({ secure: isSecure(request) }),
    version,
  })
  answerWithPages(app, { emit: options.emit, frameOf })
  app.addHook('preValidation', async (request) => {
    refuseOtherSites(request, { isOpen: sessions === null })
  })

  await addAssets(app)
  await app.register(async (anybody: WebApp) => {
    checkForms(anybody, () => true)
    addPreferences(anybody)
    if (sessions !== null) addLogin(anybody, { sessions, checkToken, frameOf })
  })
  await app.register(async (guarded: WebApp) => {
    const entries = new WeakMap<FastifyRequest, Entry>()
    guarded.addHook('preValidation', async (request, reply) => {
      const entry = await entryOf({ request, reply }, { sessions, checkToken })
      entries.set(request, entry)
      if (entry.kind === 'refused') return askToLogIn(request, reply, frameOf)
    })
    // A Bearer token is sent by nobody but its owner; cookies are sent by any page.
    checkForms(guarded, (request) => entries.get(request)?.kind !== 'token')
    addPages(guarded, { budan, clock, frameOf })
  })
  app.get('/*', async (request, reply) => {
    // What a program asks for, and the API, is told in the API's own way.
    if (!wantsPage(request) || request.url.startsWith('/v1/')) return reply.callNotFound()
    const entry = await entryOf({ request, reply }, { sessions, checkToken })
    if (entry.kind === 'refused') return askToLogIn(request, reply, frameOf)
    const message = `No such page: ${request.url.split('?', 1)[0]?.slice(0, 200)}`
    throw new Refusal(404, { code: 'not_found', message })
  })
}

function addPages(app: WebApp, parts: ConsoleParts): void {
  addOverview(app, parts)
}

async function readForms(app: WebApp): Promise<void> {
  await app.register(fastifyCookie)
  await app.register(fastifyForms)
  await app.register(fastifyCsrf, {
    cookieKey: cookieNames.csrf,
    cookieOpts: { path: '/', httpOnly: true, sameSite: 'lax' },
    getToken: ({ body }) => (body as Record<string, string> | undefined)?._csrf,
  })
}

/** What changes something needs the token of our own form, besides the cookie that goes with it. */
function checkForms(app: WebApp, needsToken: (request: FastifyRequest) => boolean): void {
  app.addHook('preValidation', async (request, reply) => {
    if (request.method !== 'POST' || reply.sent || !needsToken(request)) return
    await new Promise<void>((resolve, reject) => {
      const refused = (error?: Error) => (error === undefined ? resolve() : reject(error))
      app.csrfProtection(request, { send: refused } as unknown as FastifyReply, refused)
    })
  })
}

/** The form that was sent is kept, and so is the place where it was. */
function askToLogIn(
  request: FastifyRequest,
  reply: FastifyReply,
  frameOf: ConsoleParts['frameOf'],
): FastifyReply {
  if (!wantsPage(request)) {
    // htmx asks for a part of a page that shows somebody who is not logged in any more.
    if (request.headers['hx-request'] === 'true') reply.header('hx-refresh', 'true')
    reply.header('www-authenticate', 'Bearer')
    const message = 'Authorization: a Bearer token is needed'
    throw new Refusal(401, { code: 'unauthorized', message })
  }
  const frame = frameOf(request, reply)
  const kept = request.method === 'POST' ? keptFields(request.body) : undefined
  return sendLogin(reply.code(401), { frame, next: frame.visitor.path, kept })
}

function answerWithPages(
  app: WebApp,
  { emit, frameOf }: { emit: Emit; frameOf: ConsoleParts['frameOf'] },
): void {
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = isFormOld(error)
      ? new Refusal(403, {
          code: formOldCode,
          message: 'The form is out of date. Nothing was done',
        })
      : refusalOf(error, request)
    reportFailure(error, { refusal, request, emit })
    if (!wantsPage(request)) return answerRefusal(reply, refusal)
    return sendErrorPage(reply, { frame: frameOf(request, reply), refusal })
  })
}

function isFormOld(error: unknown): boolean {
  return String((error as Partial<FastifyError> | null)?.code).startsWith('FST_CSRF_')
}
