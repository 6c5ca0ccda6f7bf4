import { z } from 'zod'
import type { Budan } from '../../service.ts'
import { actorOf } from '../access/actor.ts'
import { notFound } from '../errors.ts'
import {
  bodyFaults,
  documented,
  fault,
  guarded,
  jsonBody,
  pageAnswers,
  pageQuery,
} from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import { presentRun, presentRunDetail } from './shapes/present.ts'
import { runDetailShape, runPageShape } from './shapes/shapes.ts'

const runRequest = z.preprocess(
  // Fastify passes null for no body.
  (body) => body ?? {},
  jsonBody({
    dry_run: documented(
      z.boolean({ error: 'must be true or false' }).default(false),
      'Query, but claim, settle and close nothing.',
    ),
  }),
)

export function addRunRoutes(app: WebApp, budan: Budan): void {
  app.post(
    '/v1/runs',
    guarded('runs:write', {
      operationId: 'makeRun',
      tags: ['runs'],
      summary: 'Run now, at most one batch, and wait for the end',
      body: runRequest,
      answers: {
        200: [runDetailShape, 'The finished run with the result of each order.'],
        ...bodyFaults,
      },
    }),
    async (request) => {
      const wanted = { dryRun: request.body.dry_run, actor: actorOf(request) }
      return presentRunDetail(await budan.run(wanted), budan)
    },
  )

  app.get(
    '/v1/runs',
    guarded('orders:read', {
      operationId: 'listRuns',
      tags: ['runs'],
      summary: 'Runs, newest first',
      querystring: pageQuery,
      answers: pageAnswers(runPageShape),
    }),
    async ({ query: { limit, cursor = null } }) => {
      const page = await budan.store.listRuns({ limit, cursor })
      return { runs: page.items.map(presentRun), next_cursor: page.nextCursor }
    },
  )

  app.get(
    '/v1/runs/:id',
    guarded('orders:read', {
      operationId: 'getRun',
      tags: ['runs'],
      summary: 'One run with the result of each order',
      params: z.object({ id: z.string() }),
      answers: {
        200: [runDetailShape, 'The run.'],
        404: [fault, '`run_not_found`'],
      },
    }),
    async ({ params: { id } }) => {
      const detail = runIdPattern.test(id) ? await budan.store.findRun(id) : null
      if (detail === null) throw notFound('run', id)
      return presentRunDetail(detail, budan)
    },
  )
}

/** Matches every id that a store makes, and nothing that a database cannot take. */
const runIdPattern = /^[0-9A-Za-z_-]{1,64}$/
