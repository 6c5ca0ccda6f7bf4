import type { FastifyRequest } from 'fastify'
import type { Actor } from '../order.ts'

/** Who sent the request, for the timeline of the order that it is about. */
export function actorOf({ ip }: FastifyRequest): Actor {
  return { name: 'api_token', address: ip }
}
