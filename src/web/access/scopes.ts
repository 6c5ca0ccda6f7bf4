import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Scope } from '../../domain/scope.ts'
import type { Access } from './access.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the token of a request must have; of several, one of them: the handler looks closer. */
    readonly scope?: Scope | readonly Scope[]
  }
}

/**
 * Each route of the instance needs a scope: one without is an error at the start. Requests whose token
 * lacks it are answered 403, once the hook is reached, which has to come after the authentication.
 */
export function requireScopes(
  app: FastifyInstance,
  access: Access,
  hook: 'onRequest' | 'preValidation' = 'onRequest',
): void {
  app.addHook('onRoute', ({ config, method, url }) => {
    if (config?.scope === undefined) {
      throw new TypeError(
        `The route ${String(method)} ${url} has no scope: give it one in its config`,
      )
    }
  })
  app.addHook(hook, async (request) => {
    const scopes = scopesOf(request.routeOptions.config.scope)
    const [first] = scopes
    if (first !== undefined && !scopes.some((scope) => access.may(request, scope))) {
      throw access.lacking(request, first)
    }
  })
  app.addHook('onResponse', async (request, { statusCode }) => {
    const scopes = scopesOf(request.routeOptions.config.scope)
    const hasChanged = statusCode < 400 && !readingMethods.has(request.method)
    if (hasChanged && scopes.some((scope) => loggedScopes.has(scope))) access.used(request)
  })
}

const readingMethods: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** What is not logged by its order's timeline alone, and not too often to be logged. */
const loggedScopes: ReadonlySet<Scope> = new Set([
  ...(['orders:correct', 'runs:write', 'reviews:write', 'bills:write', 'webhooks:write'] as const),
  'admin',
])

/** For a route that needs one scope or another, by what the request is for. */
export function requireScope(access: Access, request: FastifyRequest, scope: Scope): void {
  if (!access.may(request, scope)) throw access.lacking(request, scope)
}

export function scopesOf(scope: Scope | readonly Scope[] | undefined): readonly Scope[] {
  return scope === undefined ? [] : typeof scope === 'string' ? [scope] : scope
}
