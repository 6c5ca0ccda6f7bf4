import { lookup } from 'node:dns/promises'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { ServerConfig } from '../config/config.ts'
import { ConfigError } from '../config/fault.ts'
import { proxiesOf } from '../config/proxies.ts'
import { sampleTokenFault, weakTokenFault } from '../config/tokens/tokens.ts'
import { isLoopback } from '../config/values.ts'
import { ExpectedError } from '../domain/assert.ts'
import { type Clock, systemClock } from '../domain/clock.ts'
import type { Emit } from '../domain/event.ts'
import { type ListenKeys, listenFailure, lookupFailure } from '../servers/listen-failure.ts'
import type { Budan } from '../service.ts'
import { Access } from './access/access.ts'
import { requireScopes } from './access/scopes.ts'
import { requireToken, tokenCheck } from './access/token.ts'
import { Tokens } from './access/tokens.ts'
import { addAccountRoutes } from './api/accounts.ts'
import { addAdoptBatch } from './api/adopt-batch.ts'
import { addAuditRoute } from './api/audit.ts'
import { addCallbackRoute } from './api/callback.ts'
import { addCorrectionRoutes } from './api/corrections.ts'
import { addEventRoutes } from './api/events.ts'
import { addExceptionRoutes } from './api/exceptions/routes.ts'
import { addHealthRoutes, addMetricsRoute } from './api/health.ts'
import { addOrderRoutes } from './api/orders.ts'
import { addReviewRoutes } from './api/reviews.ts'
import { addRunRoutes } from './api/runs.ts'
import { addSessionRoutes } from './api/sessions.ts'
import { addWebhookRoutes } from './api/webhooks.ts'
import { callbackRouteOf } from './callback-route.ts'
import { addConsole } from './console/console.ts'
import { answerErrors } from './errors.ts'
import { MissedCallbacks } from './missed-callbacks.ts'
import { addOpenApiRoute, describeRoutes } from './openapi.ts'
import { createWebApp, type WebApp, type WebLimits, webLimits } from './web-app.ts'

/** The options of `startWeb`. */
export interface WebOptions {
  /**
   * Where it listens and who may call it: the `server` of `loadConfig` or `completeConfig`, or an object
   * of your own. Absent: `host` 127.0.0.1, `port` 8080, and no `apiToken`, as with null: every request
   * to a loopback address is admitted, and `startWeb` refuses to listen on any other.
   */
  readonly server: Partial<ServerConfig>
  /** Receives events of refused and failed requests, logins and missed callbacks. Absent: `budan.emit`. */
  readonly emit?: Emit
  /** Shown by the description of the API and the console. */
  readonly version: string
  /** The clock for checks of `expires_at` and the like. Absent: the machine's clock. */
  readonly clock?: Clock
  /**
   * In milliseconds: `arrivalMs` for a request to arrive whole (15,000), `answerMs` for its answer
   * (600,000), `closeMs` for those in flight when `close` is called (20,000).
   */
  readonly limits?: Partial<WebLimits>
  /** The name of the port in a message that it is taken. Absent: that of the configuration. */
  readonly listenKeys?: ListenKeys
}

/** The HTTP application, ready for `inject` or `listen`. Throws when a route is wrong. */
export function buildWeb(budan: Budan, options: WebOptions): Promise<FastifyInstance> {
  return buildWith(tokensOf(budan, options), { budan, options })
}

function tokensOf(
  { hasAdoptPrefixes }: Budan,
  { server, clock = systemClock }: WebOptions,
): Tokens {
  return new Tokens({ server: serverOf(server), hasAdoptPrefixes, clock })
}

async function buildWith(
  tokens: Tokens,
  { budan, options }: { readonly budan: Budan; readonly options: WebOptions },
): Promise<FastifyInstance> {
  const { emit = budan.emit, version, clock = systemClock } = options
  const server = serverOf(options.server)
  const isProxy = proxiesOf(server.trustedProxies ?? [])
  const callbacks = callbackRouteOf(budan.gateway)
  const missed = new MissedCallbacks(emit, callbacks)
  const app = createWebApp({ ...webLimits, ...options.limits }, { isProxy, missed })
  const access = new Access(app, { tokens, emit })
  answerErrors(app, { emit, checkToken: tokenCheck(access), callbacks })
  await describeRoutes(app, { version })

  await app.register(async (callback: WebApp) =>
    addCallbackRoute(callback, { budan, emit, route: callbacks }),
  )
  await app.register(async (open: WebApp) => {
    addHealthRoutes(open, budan)
    if (server.metricsAuth !== true) addMetricsRoute(open, budan)
    addOpenApiRoute(open)
  })
  await app.register(async (guarded: WebApp) => {
    requireToken(guarded, access)
    requireScopes(guarded, access)
    if (server.metricsAuth === true) addMetricsRoute(guarded, budan, { scope: 'orders:read' })
    addOrderRoutes(guarded, { budan, clock, access })
    addAdoptBatch(guarded, { budan, clock })
    addCorrectionRoutes(guarded, { budan, clock, access })
    addReviewRoutes(guarded, budan)
    addExceptionRoutes(guarded, budan)
    addAccountRoutes(guarded, budan)
    addRunRoutes(guarded, budan)
    addAuditRoute(guarded, budan)
    addEventRoutes(guarded, budan)
    addSessionRoutes(guarded, { store: budan.store, access })
    addWebhookRoutes(guarded, budan)
  })
  await app.register(async (pages: WebApp) =>
    addConsole(pages, {
      ...{ budan, access, emit, clock, version, sessions: server.sessions },
      hasMetrics: server.metricsAuth !== true,
    }),
  )
  await app.ready()
  return app
}

/**
 * Listens on `server.host` and `server.port` (0: any free one). `close` finishes the requests in
 * flight, and cuts off those that take longer than `limits.closeMs`. Throws when it cannot listen;
 * `ConfigError` for a token that is known, or that can be guessed where other machines can try.
 * `replaceTokens` takes `apiToken` and `tokens` of another configuration from the next request on; it
 * throws `ConfigError`, and they stay as they were, where there would be none, or where there were none.
 */
export async function startWeb(
  budan: Budan,
  options: WebOptions,
): Promise<{
  url: string
  close(): Promise<void>
  replaceTokens(server: Partial<ServerConfig>): void
}> {
  const { limits } = options
  const server = serverOf(options.server)
  const host = await addressToListenOn(server)
  const tokens = tokensOf(budan, options)
  const app = await buildWith(tokens, { budan, options })
  await listen(app, { host, port: server.port, keys: options.listenKeys ?? serverKeys })
  const { closeMs } = { ...webLimits, ...limits }
  return {
    url: urlOf(app),
    close: () => closeWithin(app, closeMs),
    replaceTokens: (next) => {
      const { apiToken, tokens: others = [] } = serverOf(next)
      refuseOpening({ wasOpen: tokens.isOpen, isOpen: apiToken === null && others.length === 0 })
      refuseWeakToken(apiToken, { isExposed: !isLoopback(host) })
      tokens.replace({ apiToken, tokens: others })
    },
  }
}

/** Without a token the console has no login, and other checks: that is decided at the start. */
function refuseOpening({ wasOpen, isOpen }: { wasOpen: boolean; isOpen: boolean }): void {
  if (wasOpen === isOpen && !isOpen) return
  const fault = wasOpen ? 'none was set at the start' : 'none is set any more'
  throw new ConfigError([`server.tokens: ${fault}: restart the service`])
}

/** An embedder may leave members out. An absent token means no token. */
function serverOf({ host, port, apiToken, ...rest }: Partial<ServerConfig>): ServerConfig {
  const isToken = apiToken == null || (typeof apiToken === 'string' && apiToken.trim() !== '')
  if (!isToken) throw new ConfigError(['server.api_token: is empty, or no text: leave it out'])
  return {
    ...rest,
    host: host ?? '127.0.0.1',
    port: port ?? 8080,
    apiToken: apiToken ?? null,
  }
}

/** The first address of a host name. */
async function addressToListenOn({ host, apiToken, tokens = [] }: ServerConfig): Promise<string> {
  const { address } = await lookup(host).catch((error: unknown) => {
    throw new ExpectedError(`Cannot listen on "${host}": ${lookupFailure(error)}`, { cause: error })
  })
  if (apiToken === null && tokens.length === 0 && !isLoopback(address)) {
    throw new ExpectedError(
      `Cannot listen on "${host}" without server.api_token: anybody could place orders there`,
    )
  }
  refuseWeakToken(apiToken, { isExposed: !isLoopback(address) })
  return address
}

/** A loaded configuration was checked; an embedder's was not, and a host name may have any address. */
function refuseWeakToken(token: string | null, { isExposed }: { isExposed: boolean }): void {
  if (token === null) return
  const fault = sampleTokenFault(token) ?? (isExposed ? weakTokenFault(token) : null)
  if (fault !== null) throw new ConfigError([`server.api_token: ${fault}`])
}

const serverKeys = { port: 'server.port (SERVER_PORT)', host: 'server.host' }

async function listen(
  app: FastifyInstance,
  { host, port, keys }: { host: string; port: number; keys: ListenKeys },
): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    const reason = listenFailure(error, { port, keys })
    throw new ExpectedError(`Cannot listen on "${host}" port ${port}: ${reason}`, { cause: error })
  }
}

function urlOf(app: FastifyInstance): string {
  const { address, family, port } = app.server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function closeWithin(app: FastifyInstance, closeMs: number): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), closeMs)
  try {
    await app.close()
  } finally {
    clearTimeout(deadline)
  }
}
