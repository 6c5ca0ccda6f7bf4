import { z } from 'zod'
import type { Readiness } from '../readiness.ts'
import type { Run } from '../run.ts'
import type { Budan } from '../service.ts'
import type { Audit } from '../store/store.ts'
import { statusStyle } from './status-style.ts'
import type { WebApp } from './web-app.ts'

const stylePath = '/assets/status.css'

/** Nothing but our own style sheet: no script can run in this page, whatever is printed in it. */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export function addStatusPage(app: WebApp, { budan, version }: { budan: Budan; version: string }) {
  app.get(
    '/',
    {
      schema: {
        operationId: 'statusPage',
        tags: ['operation'],
        summary: 'A page for people: readiness, audit, last runs',
        response: {
          200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
        },
      },
    },
    async (_request, reply) => {
      // Each part by itself: the page is read just when something cannot be had.
      const [readiness, audit, runs] = await Promise.allSettled([
        budan.readiness(),
        budan.store.audit(),
        budan.store.listRuns({ limit: 10, cursor: null }),
      ])
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', contentSecurityPolicy)
        .header('referrer-policy', 'no-referrer')
        .send(
          page(version, [
            section('Readiness', readiness, readinessTable),
            section('Audit', audit, auditTable),
            section('Last runs', runs, ({ items }) => runTable(items)),
          ]),
        )
    },
  )
}

/** Without a token: a browser sends none for a style sheet. */
export function addStatusStyle(app: WebApp): void {
  app.get(stylePath, { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'max-age=3600').send(statusStyle),
  )
}

function page(version: string, sections: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>budan</title>
<link rel="stylesheet" href="${stylePath}">
</head>
<body>
<header><h1>budan 补单</h1><p>Version ${escapeHtml(version)}</p></header>
<main>
${sections.join('\n')}
</main>
<footer><nav>
<a href="/v1/orders">Orders</a>
<a href="/v1/runs">Runs</a>
<a href="/v1/audit">Audit</a>
<a href="/metrics">Metrics</a>
<a href="/readyz">Readiness</a>
<a href="/openapi.json">API</a>
</nav></footer>
</body>
</html>
`
}

function section<T>(
  title: string,
  result: PromiseSettledResult<T>,
  content: (value: T) => string,
): string {
  const body =
    result.status === 'fulfilled'
      ? content(result.value)
      : '<p class="bad">Cannot be had at the moment.</p>'
  return `<section><h2>${escapeHtml(title)}</h2>${body}</section>`
}

function readinessTable({ checks }: Readiness): string {
  return table(
    ['Check', 'State', 'Detail'],
    checks.map(({ name, ok, detail }) => [name, mark(ok, ok ? 'ok' : 'not ok'), detail]),
  )
}

function auditTable(audit: Audit): string {
  return table(
    ['Broken', 'Rows'],
    Object.entries(audit).map(([name, rows]) => [name, mark(rows === 0, String(rows))]),
  )
}

function runTable(runs: readonly Run[]): string {
  if (runs.length === 0) return '<p>None yet.</p>'
  return table(
    ['Started (UTC)', 'Trigger', 'Status', 'Orders', 'Credited', 'Failed', 'Skipped', 'Took'],
    runs.map((run) => [
      run.startedAt.toISOString().replace('T', ' ').slice(0, 19),
      run.dryRun ? `${run.trigger} (dry)` : run.trigger,
      mark(run.status === 'finished' || run.status === 'running', run.status),
      String(run.total),
      String(run.success),
      mark(run.failed === 0, String(run.failed)),
      String(run.skipped),
      run.durationMs === null ? '' : `${Math.round(run.durationMs)} ms`,
    ]),
  )
}

/** A cell with a judgement; a string is a plain one. */
interface Mark {
  readonly isGood: boolean
  readonly text: string
}

function mark(isGood: boolean, text: string): Mark {
  return { isGood, text }
}

function table(head: readonly string[], rows: readonly (readonly (string | Mark)[])[]): string {
  const heads = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('')
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n')
  return `<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>
${body}
</tbody></table></div>`
}

function cell(content: string | Mark): string {
  if (typeof content === 'string') return `<td>${escapeHtml(content)}</td>`
  return `<td class="${content.isGood ? 'good' : 'bad'}">${escapeHtml(content.text)}</td>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
