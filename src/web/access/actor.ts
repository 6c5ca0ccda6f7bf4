import type { FastifyRequest } from 'fastify'
import type { Actor } from '../../domain/order.ts'
import { addressOf } from './address.ts'
import { apiTokenName, type Caller } from './tokens.ts'

const callers = new WeakMap<FastifyRequest, Caller>()

/** Records whose token or session authenticated the request. */
export function letIn(request: FastifyRequest, caller: Caller): void {
  callers.set(request, caller)
}

/** Null: no token is configured, or the request needs none. */
export function callerOf(request: FastifyRequest): Caller | null {
  return callers.get(request) ?? null
}

/** The name of a token that is one person's or program's. Null: several share the token, or there is none. */
export function ownNameOf(request: FastifyRequest): string | null {
  return ownNameIn(callerOf(request))
}

export function ownNameIn(caller: Caller | null): string | null {
  return caller === null || caller.name === apiTokenName ? null : caller.name
}

/** The sender of the request, for the events that it causes. Without a configured token there is no name. */
export function actorOf(request: FastifyRequest): Actor {
  return { name: callerOf(request)?.name ?? 'anonymous', address: addressOf(request) }
}
