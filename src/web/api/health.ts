import { z } from 'zod'
import type { Scope } from '../../domain/scope.ts'
import type { Budan } from '../../service.ts'
import { answers, fault } from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import { presentReadiness } from './shapes/present.ts'
import { readinessShape } from './shapes/shapes.ts'

/** For load balancers and monitors: needs no token. */
export function addHealthRoutes(app: WebApp, budan: Budan): void {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'health',
        tags: ['operation'],
        summary: 'Alive',
        security: [],
        response: answers({ 200: [z.object({ status: z.literal('ok') }), 'Alive.'] }),
      },
    },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'readiness',
        tags: ['operation'],
        summary: 'Ready: able to credit payments',
        security: [],
        response: answers({
          200: [readinessShape, 'Ready.'],
          503: [
            z.union([readinessShape, fault]),
            'Not ready; the checks say why, if they could be made.',
          ],
        }),
      },
    },
    async (_request, reply) => {
      const readiness = await budan.readiness()
      return reply.code(readiness.ready ? 200 : 503).send(presentReadiness(readiness))
    },
  )
}

/** For monitors too, unless `server.metrics_auth` is set: then with a token. */
export function addMetricsRoute(
  app: WebApp,
  budan: Budan,
  config: { readonly scope?: Scope } = {},
): void {
  app.get(
    '/metrics',
    {
      config,
      schema: {
        operationId: 'metrics',
        tags: ['operation'],
        summary: 'Metrics for Prometheus',
        ...(config.scope === undefined && { security: [] }),
        response: {
          200: { description: 'The metrics.', content: { 'text/plain': { schema: z.string() } } },
        },
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await budan.metrics()
      return reply.header('content-type', contentType).send(text)
    },
  )
}
