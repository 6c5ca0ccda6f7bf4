import type { WebApp } from '../../web-app.ts'
import { sendPage } from '../layout.tsx'
import type { ConsoleParts } from '../page.ts'
import { AuditPage } from './audit-page.tsx'
import { RowsOfAudit } from './found-rows.ts'

export function addAudit(app: WebApp, { budan, latestAudit }: ConsoleParts): void {
  const rowsOfAudit = new RowsOfAudit(budan.store)

  app.get('/audit', async (_request, reply) => {
    const { latest: audit, isUnderWay, hasFailed } = latestAudit.state()
    const rows = audit === null ? {} : await rowsOfAudit.rowsOf(audit)
    return sendPage(reply, <AuditPage {...{ audit, rows, isUnderWay, hasFailed }} />)
  })

  app.post('/audit', async (_request, reply) => {
    await latestAudit.refresh()
    return reply.redirect('/audit', 303)
  })
}
