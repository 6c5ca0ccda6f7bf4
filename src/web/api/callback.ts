import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { MerchantError, type OfMerchant } from '../../desks.ts'
import { assert } from '../../domain/assert.ts'
import type { Emit } from '../../domain/event.ts'
import type { Budan } from '../../service.ts'
import { answerCallback, type CallbackRoute } from '../callback-route.ts'
import { refusalOf, reportFailure } from '../errors.ts'
import { screenLongBodies } from '../long-body.ts'
import { answers, documented, fault } from '../schema.ts'
import type { WebApp } from '../web-app.ts'

const notification = documented(z.unknown(), 'As the gateway sends it: its bytes are signed.')

/**
 * A notification has about 1.5 KiB. One with many coupons is longer, and its payment has to be credited
 * too.
 */
const bodyBytesMax = 4 * 1024 * 1024
const tooLargeMessage = 'Cannot read the body: it exceeds 4096 KiB'

/**
 * Where the gateway sends its callbacks. It sends one again until the answer accepts it, so that such
 * an answer comes only after the commit.
 * Encapsulate `app`: the body parser and the error handler are this route's alone.
 */
export function addCallbackRoute(
  app: WebApp,
  { budan, emit, route }: { budan: Budan; emit: Emit; route: CallbackRoute },
): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  app.setErrorHandler(async (error, request, reply) => {
    // No merchant has this path: an operator has to know, because the gateway's callbacks are lost.
    if (error instanceof MerchantError) {
      const rejected = { status: 404, reason: error.message }
      emit({ type: 'callback_rejected', ...rejected })
      return answerCallback(reply, route, { kind: 'rejected', ...rejected })
    }
    const refusal = refusalOf(error)
    reportFailure(error, { refusal, request, emit })
    const { status, code, message } = refusal
    const reason = code === 'body_too_large' ? tooLargeMessage : message
    return answerCallback(reply, route, { kind: 'rejected', status, reason })
  })
  const screenLong = screenLongBodies((request) =>
    budan.screenCallback(request.headers, merchantIn(request)),
  )

  for (const path of [route.path, route.merchantPath])
    app.post(
      path,
      {
        bodyLimit: bodyBytesMax,
        onRequest: async (request, reply) => {
          // An unknown content type must not keep the bytes from the signature check.
          request.headers['content-type'] = 'application/octet-stream'
          await screenLong(request, reply)
        },
        schema: {
          operationId: path === route.path ? 'receiveCallback' : 'receiveMerchantCallback',
          tags: ['callbacks'],
          summary: "The gateway's notification; signed, so without a token",
          ...(path === route.merchantPath && { params: merchantPath }),
          security: [],
          body: notification,
          response: documentedReplies(route),
        },
      },
      async (request, reply) => {
        const { headers, body } = request
        const bytes = body instanceof Uint8Array ? body : new Uint8Array()
        const receipt = await budan.receiveCallback({ headers, body: bytes }, merchantIn(request))
        if (receipt.kind !== 'rejected') return answerCallback(reply, route, { kind: 'accepted' })
        const { status } = receipt
        assert(status >= 400 && status <= 599, `Cannot reject a callback with status ${status}`)
        return answerCallback(reply, route, receipt)
      },
    )
}

const merchantPath = z.object({
  merchant: documented(z.string(), 'The name of the merchant in the configuration.'),
})

function merchantIn({ params }: FastifyRequest): OfMerchant {
  const { merchant = null } = params as { merchant?: string }
  return { merchant }
}

const rejections = {
  400: 'Rejected: nothing changed, send it again.',
  401: 'Rejected for its signature: nothing changed, send it again.',
  404: 'No such order here: nothing changed, send it again.',
  413: 'Larger than 4 MiB: nothing changed.',
  500: 'Not committed: send it again.',
  503: 'The database is away, budan is stopping, or too busy: send it again.',
} as const

/** For the description of the API, by the statuses that this gateway is answered with. */
function documentedReplies({ gateway }: CallbackRoute) {
  const rejected = Object.entries(rejections).map(([status, description]) => [
    gateway.callbackReply({ kind: 'rejected', status: Number(status), reason: '' }).status,
    [fault, description] as const,
  ])
  const accepted = gateway.callbackReply({ kind: 'accepted' })
  const description =
    'Committed. Or it is about nothing that is kept here, and need not come again.'
  const body = accepted.contentType === null ? z.undefined() : z.string()
  return {
    ...answers(Object.fromEntries(rejected)),
    [accepted.status]: documented(body, description),
  }
}
