import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Emit, MissedPost } from '../../domain/event.ts'
import { addressOf } from '../access/address.ts'
import { FewLines } from '../access/few-lines.ts'
import type { CallbackRoute } from '../callback-route.ts'

/** Enough to see what a proxy, or a wrong notify_url, has made of the path. */
const pathLengthMax = 200

/**
 * Tells of requests that the gateway seems to have signed, and that are not for the path of its
 * callbacks: behind a proxy that changes paths, or with a wrong notify_url, no callback would ever come,
 * and nobody would know why. Anybody can send such headers, so nothing is verified, and a flood is told
 * of in few lines.
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

  /** Of every request that reaches a route, or none. */
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

  /** It reached the route, whatever became of it there. */
  #isCallback({ method, routeOptions }: FastifyRequest): boolean {
    return method === 'POST' && routeOptions?.url === this.#route.path
  }

  /**
   * The URL that a callback is routed by: slashes that a proxy has doubled or appended do not lose it,
   * nor does a proxy that puts the host before the path. The bytes of a callback are signed, its path
   * is not. Every other request keeps its own.
   */
  routedUrl(method: string | undefined, url: string): string {
    if (method !== 'POST') return url
    const [path = '', ...query] = url.split('?')
    const plain = path
      .replace(/^https?:\/\/[^/]*/i, '')
      .replace(/\/{2,}/g, '/')
      .replace(/\/$/, '')
    return plain === this.#route.path ? [plain, ...query].join('?') : url
  }
}
