import type { RouteOptions } from 'fastify'
import type { Scope } from '../../../domain/scope.ts'
import { scopesOf } from '../../access/scopes.ts'

interface Route {
  readonly pattern: RegExp
  /** Of two routes that take a path, the router chooses the one with more of it written out. */
  readonly writtenOut: number
  /** Empty: everybody. */
  readonly scopes: readonly Scope[]
}

/**
 * The routes of the console. What a page offers is decided by the scope of the route that would take it,
 * so that a button and its route cannot differ.
 */
export class Routes {
  readonly #byMethod = new Map<string, Route[]>()

  add({ method, url, config }: Pick<RouteOptions, 'method' | 'url' | 'config'>): void {
    // What is left for any path is the page that says that there is none.
    if (url.endsWith('*')) return
    const route = {
      pattern: patternOf(url),
      writtenOut: url.replaceAll(parameters, '').length,
      scopes: scopesOf(config?.scope),
    }
    for (const each of [method].flat()) {
      const routes = [...(this.#byMethod.get(each) ?? []), route]
      this.#byMethod.set(
        each,
        routes.sort((a, b) => b.writtenOut - a.writtenOut),
      )
    }
  }

  /** Whether there is such a route, for somebody who may do what `mayUse` says. */
  isOpen(method: 'GET' | 'POST', path: string, mayUse: (scope: Scope) => boolean): boolean {
    const bare = path.split(/[?#]/, 1)[0] ?? ''
    const route = this.#byMethod.get(method)?.find(({ pattern }) => pattern.test(bare))
    return route !== undefined && (route.scopes.length === 0 || route.scopes.some(mayUse))
  }
}

const parameters = /:\w+/g

function patternOf(url: string): RegExp {
  const parts = url.split(parameters).map((part) => part.replaceAll('.', '\\.'))
  return new RegExp(`^${parts.join('[^/]+')}$`)
}
