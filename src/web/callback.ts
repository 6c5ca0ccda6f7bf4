import { z } from 'zod'
import { assert } from '../assert.ts'
import type { Emit } from '../event.ts'
import type { Budan } from '../service.ts'
import { answerRefusal, callbackPath, Refusal, refusalOf, reportFailure } from './errors.ts'
import { answers, apiSchemas, fault } from './schema.ts'
import type { WebApp } from './web-app.ts'

const notification = z
  .unknown()
  .register(apiSchemas, { description: 'As the gateway sends it: its bytes are signed.' })

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
    const { status, message } = refusal
    return answerRefusal(reply, new Refusal(status, { code: 'FAIL', message }))
  })

  app.post(
    callbackPath,
    {
      // A header that no parser is found by must not keep the bytes from the signature check.
      onRequest: async ({ headers }) => {
        headers['content-type'] = 'application/octet-stream'
      },
      schema: {
        operationId: 'receiveCallback',
        tags: ['callbacks'],
        summary: "The gateway's notification; signed, so without a token",
        security: [],
        consumes: ['application/json'],
        body: notification,
        response: {
          204: z.undefined().register(apiSchemas, { description: 'Committed.' }),
          ...answers({
            400: [fault, 'Rejected: nothing changed, send it again. `code` is `FAIL`.'],
            401: [fault, 'Rejected for its signature: nothing changed, send it again.'],
            404: [fault, 'No such order here: nothing changed, send it again.'],
            413: [fault, 'Too large: nothing changed.'],
            500: [fault, 'Not committed: send it again. `code` is `FAIL`.'],
            503: [fault, 'The database is away, or budan is stopping: send it again.'],
          }),
        },
      },
    },
    async ({ headers, body }, reply) => {
      const bytes = body instanceof Uint8Array ? body : new Uint8Array()
      const receipt = await budan.receiveCallback({ headers, body: bytes })
      if (receipt.kind === 'settled') return reply.code(204).send()
      const { status, reason } = receipt
      assert(status >= 400 && status <= 599, `Cannot reject a callback with status ${status}`)
      throw new Refusal(status, { code: 'FAIL', message: reason })
    },
  )
}
