import type { FastifyReply } from 'fastify'
import type { CallbackEnd, GatewayFacts } from '../gateway/gateway.ts'

/** Where a gateway sends its callbacks, and how it is answered. */
export interface CallbackRoute {
  readonly path: string
  /** With the name of the merchant. */
  readonly merchantPath: string
  readonly gateway: GatewayFacts
}

/** The paths must stay: they were registered with the gateway as notify_url. */
export function callbackRouteOf(gateway: GatewayFacts): CallbackRoute {
  const path = `/v1/callbacks/${gateway.name}`
  return { path, merchantPath: `${path}/:merchant`, gateway }
}

/** As bytes, past the route's own serializer, which knows no gateway's words. */
export function answerCallback(
  reply: FastifyReply,
  { gateway }: CallbackRoute,
  end: CallbackEnd,
): FastifyReply {
  const { status, contentType, body } = gateway.callbackReply(end)
  reply.code(status)
  return contentType === null ? reply.send() : reply.type(contentType).send(Buffer.from(body))
}
