import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { unreachable } from '../../../domain/assert.ts'
import { orderNoPattern, orderNoRule } from '../../../domain/fact-rules.ts'
import type { ClosedException } from '../../../exceptions/close.ts'
import type { Budan } from '../../../service.ts'
import { actorOf, ownNameOf } from '../../access/actor.ts'
import { notFound, Refusal } from '../../errors.ts'
import { bodyFaults, documented, fault, guarded, pageAnswers, pageQuery } from '../../schema.ts'
import type { WebApp } from '../../web-app.ts'
import { merchantOfList, merchantOfListFaults } from '../requests/merchant-query.ts'
import { reviewerOf } from '../reviews.ts'
import { presentException, presentTotal } from './present.ts'
import {
  closeRequest,
  exceptionKind,
  exceptionPageShape,
  exceptionShape,
  exceptionState,
} from './shapes.ts'

const exceptionQuery = pageQuery.extend({
  kind: exceptionKind.optional(),
  state: exceptionState.optional(),
  order_no: documented(
    z.string({ error: orderNoRule }).regex(orderNoPattern, { error: orderNoRule }).optional(),
    'Only those of this number, which may be of no order here.',
  ),
  merchant: merchantOfList,
})

const exceptionPath = z.object({
  id: documented(z.string().max(64, { error: 'has at most 64 characters' }), 'Of the exception.'),
})

const unknown = { 404: [fault, '`exception_not_found`'] } as const

/** Where money and books differ. */
export function addExceptionRoutes(app: WebApp, budan: Budan): void {
  addList(app, budan)
  addOne(app, budan)
  addClose(app, budan)
}

function addList(app: WebApp, budan: Budan): void {
  app.get(
    '/v1/exceptions',
    guarded('orders:read', {
      operationId: 'listExceptions',
      tags: ['exceptions'],
      summary: 'Where money and books differ, newest first',
      querystring: exceptionQuery,
      answers: { ...pageAnswers(exceptionPageShape), ...merchantOfListFaults },
    }),
    async ({ query: { order_no: orderNo, ...query } }) => {
      const { items, nextCursor } = await budan.listExceptions({ ...query, orderNo })
      return {
        exceptions: items.map((each) => presentException(each, budan)),
        next_cursor: nextCursor,
        open: presentTotal(await budan.store.openExceptions()),
      }
    },
  )
}

function addOne(app: WebApp, budan: Budan): void {
  app.get(
    '/v1/exceptions/:id',
    guarded('orders:read', {
      operationId: 'getException',
      tags: ['exceptions'],
      summary: 'One exception',
      params: exceptionPath,
      answers: { 200: [exceptionShape, 'The exception.'], ...unknown },
    }),
    async ({ params: { id } }) => {
      const exception = await budan.findException(id)
      if (exception === null) throw notFound('exception', id)
      return presentException(exception, budan)
    },
  )
}

function addClose(app: WebApp, budan: Budan): void {
  app.post(
    '/v1/exceptions/:id/close',
    guarded('reviews:write', {
      operationId: 'closeException',
      tags: ['exceptions'],
      summary: 'Say that somebody has looked after it, and how; credits nothing',
      params: exceptionPath,
      body: closeRequest,
      answers: {
        200: [exceptionShape, 'It is closed.'],
        ...bodyFaults,
        ...unknown,
        409: [
          fault,
          '`already_closed`: the message names who closed it, and when. `use_review`: a review is closed by resolving or dismissing it.',
        ],
      },
    }),
    async (request) => {
      const { id } = request.params
      const { reason, name } = request.body
      const by = closerOf(request, name)
      const closed = await budan.closeException(id, { reason, name: by, actor: actorOf(request) })
      if (closed === null) throw notFound('exception', id)
      return presentException(closedOf(closed), budan)
    },
  )
}

/** Null: the actor. */
function closerOf(request: FastifyRequest, given: string | undefined): string | null {
  return given === undefined && ownNameOf(request) === null ? null : reviewerOf(request, given)
}

function closedOf(closed: ClosedException) {
  switch (closed.kind) {
    case 'closed':
      return closed.exception
    case 'already_closed':
    case 'use_review':
      throw new Refusal(409, { code: closed.kind, message: `Cannot close it: ${closed.message}` })
    default:
      return unreachable(closed)
  }
}
