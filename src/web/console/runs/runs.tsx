import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { outcomes } from '../../../domain/runs/run.ts'
import type { ReadinessCheck } from '../../../health/readiness.ts'
import type { Budan } from '../../../service.ts'
import { actorOf } from '../../access/actor.ts'
import { notFound } from '../../errors.ts'
import type { WebApp } from '../../web-app.ts'
import { isByHtmx } from '../frame/error-page.tsx'
import { parsedForm } from '../frame/forms.ts'
import { sendPage, sendPart } from '../frame/layout.tsx'
import type { ConsoleParts } from '../frame/page.ts'
import type { Wanted } from './result-list.tsx'
import { RunPage } from './run-page.tsx'
import { RunSection, type Sight } from './run-section.tsx'
import { RunsGoing } from './runs-going.ts'
import { GoingList, NotBegunPage, RunsPage } from './runs-page.tsx'

const pageSize = 20

const beginForm = z.object({ kind: z.enum(['now', 'dry'], { error: 'must be one of now, dry' }) })

const listQuery = z.object({ cursor: z.string().optional() })

const resultQuery = z.object({
  outcome: z.enum(outcomes, { error: `must be one of ${outcomes.join(', ')}` }).optional(),
  merchant: z.string().max(100).optional(),
  page: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, { error: 'must be a number from 1' })
    .optional(),
})

/** The history, one run, and runs by hand. */
export function addRuns(app: WebApp, { budan }: ConsoleParts): void {
  const going = new RunsGoing(budan)
  app.addHook('onClose', async () => going.stopListening())

  app.get('/runs', { config: { scope: 'orders:read' } }, async (request, reply) => {
    const { cursor = null } = parsedForm(listQuery, request.query)
    const runs = await budan.store.listRuns({ limit: pageSize, cursor })
    const progresses = cursor === null ? going.all() : []
    return sendPage(reply, <RunsPage {...{ runs, progresses }} isFirst={cursor === null} />)
  })

  /** For htmx. When no run is in progress any more, the history has changed. */
  app.get('/runs/going', { config: { scope: 'orders:read' } }, async (request, reply) => {
    if (!isByHtmx(request)) return reply.redirect('/runs', 303)
    const progresses = going.all()
    if (progresses.length === 0) reply.header('hx-refresh', 'true')
    return sendPart(reply, <GoingList progresses={progresses} />)
  })

  app.post('/runs', { config: { scope: 'runs:write' } }, async (request, reply) => {
    const { kind } = parsedForm(beginForm, request.body)
    const beginning = await going.begin({ dryRun: kind === 'dry', actor: actorOf(request) })
    if (beginning.kind === 'begun') return reply.redirect(`/runs/${beginning.runId}`, 303)
    // The run itself has logged it.
    return sendPage(reply.code(503), <NotBegunPage />)
  })

  const sightFor = async (request: FastifyRequest) => {
    const { id } = request.params as { id: string }
    const sight = await sightOf(id, { budan, going })
    if (sight === null) throw notFound('run', id)
    const wanted = wantedBy(request)
    return { id, sight, wanted, thresholdMs: budan.policy.thresholdMs }
  }

  app.get('/runs/:id', { config: { scope: 'orders:read' } }, async (request, reply) =>
    sendPage(reply, <RunPage {...(await sightFor(request))} />),
  )

  /** For htmx; other clients are redirected to the page. */
  app.get('/runs/:id/progress', { config: { scope: 'orders:read' } }, async (request, reply) => {
    const { id } = request.params as { id: string }
    if (!isByHtmx(request)) return reply.redirect(`/runs/${encodeURIComponent(id)}`, 303)
    return sendPart(reply, <RunSection {...(await sightFor(request))} />)
  })
}

/** Null: there is no such run. A run of this process is known even while the database is away. */
async function sightOf(
  id: string,
  { budan, going }: { budan: Budan; going: RunsGoing },
): Promise<Sight | null> {
  const progress = going.progress(id)
  if (progress !== null) return { kind: 'going', progress }
  const unrecorded = going.unrecorded(id)
  if (unrecorded !== null) return { kind: 'unrecorded', unrecorded }
  const found = await budan.store.findRun(id)
  if (found === null) return null
  const { run, node } = found
  if (run.status === 'running') return { kind: 'elsewhere', run, node }
  const held = run.status === 'stopped' ? await heldNow(budan) : null
  return { kind: 'ended', ...found, held }
}

async function heldNow(budan: Budan): Promise<string | null> {
  const { checks } = await budan.readiness()
  const isHeld = ({ ok, condition }: ReadinessCheck) => !ok || condition === 'held'
  const held = checks.find((check) => check.name === 'gateway' && isHeld(check))
  return held?.detail ?? null
}

function wantedBy({ query }: FastifyRequest): Wanted {
  const { outcome = null, merchant = '', page = '1' } = parsedForm(resultQuery, query)
  return { outcome, merchant: merchant || undefined, page: Number(page) }
}
