import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Emit, MissedPost } from '../domain/event.ts'
import { addressOf } from './access/address.ts'
import { FewLines } from './access/few-lines.ts'
import type { CallbackRoute } from './callback-route.ts'

/** Long enough to show how a proxy, or a wrong notify_url, changed the path. */
const pathLengthMax = 200

/**
 * Reports requests that have the headers of a gateway's signature but not the path of its callbacks:
 * with a proxy that changes paths, or a wrong notify_url, no callback would arrive, for no visible
 * reason. Anybody can send such headers; nothing is verified, and the log lines are limited.
 */
export class MissedCallbacks {
  readonly #emit: Emit
  readonly #route: CallbackRoute
  readonly #lines: FewLines<MissedPost>

  constructor(emit: Emit, route: CallbackRoute) {
    this.#emit = emit
    this.#route = route
    this.#lines = new FewLines((missed, count) => emit({ type: 'callbacks_missed', missed, count }))
  }

  /** For every request, with or without a route. */
  watch(app: FastifyInstance): void {
    app.addHook('onResponse', async (request, { statusCode }) => this.look(request, statusCode))
    app.addHook('onClose', async () => this.#lines.end())
  }

  look(request: FastifyRequest, status: number): void {
    const { method, headers, originalUrl } = request
    if (!this.#route.gateway.isLikeCallback?.(headers) || this.#isCallback(request)) return
    const path = (originalUrl.split('?', 1)[0] ?? '').slice(0, pathLengthMax)
    this.#emit({ type: 'callback_missed' })
    const missed = { method, path, status, address: addressOf(request) }
    this.#lines.note(`${method} ${path}`, missed)
  }

  /** The request reached the route, with any result. */
  #isCallback({ method, routeOptions }: FastifyRequest): boolean {
    const { path, merchantPath } = this.#route
    return method === 'POST' && [path, merchantPath].includes(routeOptions?.url ?? '')
  }

  /**
   * The URL by which a callback is routed: doubled or appended slashes, and a host before the path, as
   * some proxies send them, are removed. The signature covers the body of a callback, not its path.
   * Every other request keeps its URL.
   */
  routedUrl(method: string | undefined, url: string): string {
    if (method !== 'POST') return url
    const [path = '', ...query] = url.split('?')
    const plain = path
      .replace(/^https?:\/\/[^/]*/i, '')
      .replace(/\/{2,}/g, '/')
      .replace(/\/$/, '')
    return this.#isOfRoute(plain) ? [plain, ...query].join('?') : url
  }

  #isOfRoute(plain: string): boolean {
    const { path } = this.#route
    return (
      plain === path ||
      (plain.startsWith(`${path}/`) && !plain.slice(path.length + 1).includes('/'))
    )
  }
}
