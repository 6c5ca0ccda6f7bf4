import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RejectedCallback } from '../gateway/gateway.ts'
import { Refusal } from './errors.ts'

/** The limit of every route for every client. */
const ordinaryBytesMax = 64 * 1024

/**
 * Long bodies in memory at a time: 8 of the callback's limit are 32 MiB. The gateway's own bodies are
 * rarely long, and are sent again after a 503.
 */
const longMax = 8

type Screen = (request: FastifyRequest) => Promise<RejectedCallback | null>

/**
 * Accepts long bodies only with the headers of a gateway: anybody can send to this route, and a body
 * is in memory before its signature can be verified. Short bodies are not affected.
 */
export function screenLongBodies(screen: Screen) {
  let held = 0
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (isShort(request.headers)) return
    const rejected = await screen(request)
    if (rejected !== null) {
      throw new Refusal(rejected.status, { code: 'callback_rejected', message: rejected.reason })
    }
    if (held >= longMax) {
      const message = `Cannot read the body: ${longMax} long ones are being read already`
      throw new Refusal(503, { code: 'callback_rejected', message })
    }
    held += 1
    reply.raw.once('close', () => {
      held -= 1
    })
  }
}

/** A body without a Content-Length may be long. */
function isShort(headers: FastifyRequest['headers']): boolean {
  if (headers['transfer-encoding'] !== undefined) return false
  return Number(headers['content-length'] ?? 0) <= ordinaryBytesMax
}
