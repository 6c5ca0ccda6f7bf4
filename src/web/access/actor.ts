import type { FastifyRequest } from 'fastify'
import type { Actor } from '../../domain/order.ts'
import { addressOf } from './address.ts'

const names = new WeakMap<FastifyRequest, string>()

/** Records the name of the token or session that authenticated the request. */
export function letIn(request: FastifyRequest, name: string): void {
  names.set(request, name)
}

/** The sender of the request, for the events that it causes. Without a configured token there is no name. */
export function actorOf(request: FastifyRequest): Actor {
  return { name: names.get(request) ?? 'anonymous', address: addressOf(request) }
}
