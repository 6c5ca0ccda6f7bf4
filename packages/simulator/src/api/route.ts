import type { ClientOperation } from '../faults/fault.ts'
import type { Wire } from './wire.ts'

export interface Route {
  readonly operation: ClientOperation
  /** From the path, decoded: an order number or a transaction id. Null: malformed encoding, or the path has none. */
  readonly subject: string | null
}

const routes: readonly {
  readonly method: string
  readonly pattern: RegExp
  readonly operation: ClientOperation
}[] = [
  { method: 'POST', pattern: /^\/v3\/pay\/transactions\/native$/, operation: 'native' },
  {
    method: 'GET',
    pattern: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/,
    operation: 'query',
  },
  { method: 'GET', pattern: /^\/v3\/pay\/transactions\/id\/([^/]+)$/, operation: 'query_by_id' },
  {
    method: 'POST',
    pattern: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/,
    operation: 'close',
  },
  { method: 'GET', pattern: /^\/v3\/certificates$/, operation: 'certificates' },
]

/** The operation of a request, or the status of an answer without a body. */
export function routeOf(wire: Wire): Route | 404 | 405 {
  for (const { method, pattern, operation } of routes) {
    const found = pattern.exec(wire.path)
    if (!found) continue
    return method === wire.method ? { operation, subject: decoded(found[1]) } : 405
  }
  return 404
}

function decoded(segment: string | undefined): string | null {
  try {
    return segment === undefined ? null : decodeURIComponent(segment)
  } catch {
    return null
  }
}
