import { z } from 'zod'
import type { WebApp } from '../../web-app.ts'
import type { ConsoleParts } from '../console.ts'
import { Page, sendPage } from '../layout.tsx'
import { commonWords } from '../words.ts'

/** Is the promise kept? */
export function addOverview(app: WebApp, { frameOf }: ConsoleParts): void {
  const schema = {
    operationId: 'console',
    tags: ['operation'],
    summary: 'The console: pages for people. A browser without a token is asked to log in',
    response: {
      200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
    },
  }
  app.get('/', { schema }, async (request, reply) => {
    const frame = frameOf(request, reply)
    const title = commonWords(frame.visitor.locale).sections.overview
    return sendPage(
      reply,
      <Page frame={frame} title={title} section="overview">
        <h1>{title}</h1>
      </Page>,
    )
  })
}
