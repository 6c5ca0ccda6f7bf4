import { z } from 'zod'
import type { Budan } from '../../service.ts'
import { fault, guarded, pageAnswers, pageQuery, userId } from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import { presentBalance, presentEntry } from './shapes/present.ts'
import { accountShape, entryPageShape } from './shapes/shapes.ts'

const accountPath = z.object({ user_id: userId })

export function addAccountRoutes(app: WebApp, budan: Budan): void {
  const { store } = budan
  app.get(
    '/v1/accounts/:user_id',
    guarded('orders:read', {
      operationId: 'getAccount',
      tags: ['accounts'],
      summary: 'The balance of a user; 0 for one never credited',
      params: accountPath,
      answers: {
        200: [accountShape, 'The balance.'],
        400: [fault, '`request_invalid`'],
      },
    }),
    async ({ params }) => presentBalance(await store.balance(params.user_id)),
  )

  app.get(
    '/v1/accounts/:user_id/entries',
    guarded('orders:read', {
      operationId: 'listEntries',
      tags: ['accounts'],
      summary: 'The statement of a user, oldest first',
      params: accountPath,
      querystring: pageQuery,
      answers: pageAnswers(entryPageShape),
    }),
    async ({ params, query: { limit, cursor = null } }) => {
      const page = await store.listEntries(params.user_id, { limit, cursor })
      return {
        entries: page.items.map((entry) => presentEntry(entry, budan)),
        next_cursor: page.nextCursor,
      }
    },
  )
}
