import type { Budan } from '../../service.ts'
import { guardedAnswers } from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import { auditShape } from './shapes.ts'

export function addAuditRoute(app: WebApp, { store }: Budan): void {
  app.get(
    '/v1/audit',
    {
      config: { scope: 'orders:read' },
      schema: {
        operationId: 'audit',
        tags: ['audit'],
        summary: 'Count what breaks an invariant: all 0 when the ledger is right',
        response: guardedAnswers({ 200: [auditShape, 'The counts.'] }),
      },
    },
    async () => store.audit(),
  )
}
