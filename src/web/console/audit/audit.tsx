import type { WebApp } from '../../web-app.ts'
import { sendPage } from '../frame/layout.tsx'
import type { ConsoleParts } from '../frame/page.ts'
import { AuditPage } from './audit-page.tsx'

export function addAudit(app: WebApp, { latestAudit }: ConsoleParts): void {
  app.get('/audit', { config: { scope: 'orders:read' } }, async (_request, reply) =>
    sendPage(reply, <AuditPage {...latestAudit.state()} />),
  )

  app.post('/audit', { config: { scope: 'orders:read' } }, async (_request, reply) => {
    await latestAudit.refresh()
    return reply.redirect('/audit', 303)
  })
}
