import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { redactorOf } from '../config/redact.ts'
import { ExpectedError } from '../domain/assert.ts'
import type { EngineEvent } from '../domain/event.ts'
import type { Merchant } from '../domain/order.ts'
import { partsOf } from '../servers/address-parts.ts'
import { databaseAddressFault, secretsInAddress, serverAddressFault } from '../servers/addresses.ts'
import { ClusterEngine } from './cluster.ts'
import type { Engine } from './engine.ts'
import { localEngine } from './local.ts'
import { faultText, redisFault } from './server-fault.ts'

export interface EngineOptions {
  /** `local`, or the server of the queue: redis[s]://… or postgres[ql]://… */
  readonly url: string
  /** Whose orders its nodes query: nodes with the same ones share a queue. */
  readonly merchants: readonly Merchant[]
  readonly databaseUrl: string
  readonly intervalMs: number
  readonly emit: (event: EngineEvent) => void
}

export function openEngine({ url, merchants, databaseUrl, ...options }: EngineOptions): Engine {
  if (url === 'local') return localEngine
  const fault = engineAddressFault(url) ?? databaseAddressFault(databaseUrl)
  if (fault !== null) throw new ExpectedError(`Cannot open the engine by its url: ${fault}`)
  const ofMerchants = merchants.map(({ gateway, mchid, appid }) => [gateway, mchid, appid])
  const identity = [...ofMerchants.sort().flat(), databaseIdentity(databaseUrl)]
  const redact = redactorOf(secretsInAddress(url))
  const inWords = (reason: string) =>
    url.startsWith('redis') ? faultText(redisFault(reason)) : reason
  const emit = (event: EngineEvent) =>
    options.emit(
      event.type === 'engine_lost' ? { ...event, reason: inWords(redact(event.reason)) } : event,
    )
  return new ClusterEngine({ ...options, emit, url, identity })
}

/**
 * Which database has the orders. Nodes that name one database differently share no queue: each group
 * of them ticks on its own, and half of the ticks find their slot taken.
 */
function databaseIdentity(url: string): string {
  if (url.startsWith('pglite:')) return `${hostname()}:${resolve(url.slice('pglite:'.length))}`
  const { hosts, path } = partsOf(url)
  return `${hosts}${path}`
}

function engineAddressFault(url: string): string | null {
  return url.startsWith('postgres') ? databaseAddressFault(url) : serverAddressFault(url)
}
