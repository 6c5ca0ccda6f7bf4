import { z } from 'zod'
import type { Verified } from '../../audit/verify.ts'
import { oneAtATime } from '../../health/single-flight.ts'
import type { Budan } from '../../service.ts'
import { documented, guarded } from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import { auditShape } from './shapes/shapes.ts'

const query = z.object({
  verify: documented(
    z.enum(['true', 'false']).optional(),
    "Whether each credit is verified against the gateway's signature and the seals, too. Reads all of them: a million take some minutes.",
  ),
})

export function addAuditRoute(app: WebApp, budan: Budan): void {
  const verified = oneAtATime(() => budan.verifyCredits())
  app.get(
    '/v1/audit',
    guarded('orders:read', {
      operationId: 'audit',
      tags: ['audit'],
      summary: 'Count what breaks an invariant: all 0 when the ledger is right',
      querystring: query,
      answers: { 200: [auditShape, 'The counts.'] },
    }),
    async (request) => {
      const audited = await budan.store.audit()
      const isVerified = request.query.verify === 'true'
      const counts = { ...audited, ...(isVerified && countsOf(await verified())) }
      budan.emit({ type: 'audit_made', counts })
      return counts
    },
  )
}

function countsOf({ unproven, unverifiable, unprovenOld }: Verified) {
  return { unproven, unverifiable, unproven_old: unprovenOld }
}
