import type { FastifyRequest } from 'fastify'
import type { Actor } from '../../domain/order.ts'
import { addressOf } from './address.ts'

const names = new WeakMap<FastifyRequest, string>()

/** Notes whose token, or whose session, let the request in. */
export function letIn(request: FastifyRequest, name: string): void {
  names.set(request, name)
}

/** Who sent the request, for what it causes. Nobody has a name where no token is configured. */
export function actorOf(request: FastifyRequest): Actor {
  return { name: names.get(request) ?? 'anonymous', address: addressOf(request) }
}
