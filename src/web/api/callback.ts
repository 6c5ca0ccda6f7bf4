import { z } from 'zod'
import { assert } from '../../domain/assert.ts'
import type { Emit } from '../../domain/event.ts'
import type { Budan } from '../../service.ts'
import { answerRefusal, callbackPath, Refusal, refusalOf, reportFailure } from '../errors.ts'
import { screenLongBodies } from '../long-body.ts'
import { answers, apiSchemas, fault } from '../schema.ts'
import type { WebApp } from '../web-app.ts'

const notification = z
  .unknown()
  .register(apiSchemas, { description: 'As the gateway sends it: its bytes are signed.' })

/**
 * A notification has some 1.5 KiB. One with many coupons is longer, and its payment is to be
 * credited all the same.
 */
const bodyBytesMax = 4 * 1024 * 1024
const tooLargeMessage = 'Cannot read the body: it exceeds 4096 KiB'

/**
 * Where the gateway tells of payments. It sends a notification again until it gets a 2xx, so that
 * comes only after the commit, and every other end is a 4xx or 5xx with `{"code":"FAIL"}`.
 * Encapsulate `app`: the body parser and the error handler are this route's alone.
 */
export function addCallbackRoute(app: WebApp, { budan, emit }: { budan: Budan; emit: Emit }): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  app.setErrorHandler(async (error, request, reply) => {
    const refusal = refusalOf(error)
    reportFailure(error, { refusal, request, emit })
    const { status, code } = refusal
    const message = code === 'body_too_large' ? tooLargeMessage : refusal.message
    return answerRefusal(reply, new Refusal(status, { code: 'FAIL', message }))
  })
  const screenLong = screenLongBodies((headers) => budan.screenCallback(headers))

  app.post(
    callbackPath,
    {
      bodyLimit: bodyBytesMax,
      onRequest: async (request, reply) => {
        // A header that no parser is found by must not keep the bytes from the signature check.
        request.headers['content-type'] = 'application/octet-stream'
        await screenLong(request, reply)
      },
      schema: {
        operationId: 'receiveCallback',
        tags: ['callbacks'],
        summary: "The gateway's notification; signed, so without a token",
        security: [],
        consumes: ['application/json'],
        body: notification,
        response: {
          204: z.undefined().register(apiSchemas, {
            description:
              'Committed. Or it tells of nothing that is kept here, and need not come again.',
          }),
          ...answers({
            400: [fault, 'Rejected: nothing changed, send it again. `code` is `FAIL`.'],
            401: [fault, 'Rejected for its signature: nothing changed, send it again.'],
            404: [fault, 'No such order here: nothing changed, send it again.'],
            413: [fault, 'Larger than 4 MiB: nothing changed.'],
            500: [fault, 'Not committed: send it again. `code` is `FAIL`.'],
            503: [fault, 'The database is away, budan is stopping, or too busy: send it again.'],
          }),
        },
      },
    },
    async ({ headers, body }, reply) => {
      const bytes = body instanceof Uint8Array ? body : new Uint8Array()
      const receipt = await budan.receiveCallback({ headers, body: bytes })
      if (receipt.kind !== 'rejected') return reply.code(204).send()
      const { status, reason } = receipt
      assert(status >= 400 && status <= 599, `Cannot reject a callback with status ${status}`)
      throw new Refusal(status, { code: 'FAIL', message: reason })
    },
  )
}
