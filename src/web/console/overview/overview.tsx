import type { FastifyRequest } from 'fastify'
import type { ComponentChildren, VNode } from 'preact'
import { z } from 'zod'
import type { Budan } from '../../../service.ts'
import type { WebApp } from '../../web-app.ts'
import { assets } from '../assets.ts'
import { readForm } from '../frame/forms.ts'
import { htmlOf, Page, sendPage } from '../frame/layout.tsx'
import type { ConsoleParts } from '../frame/page.ts'
import { Filters, Time } from '../frame/parts.tsx'
import { type Rendering, useLocale, useMerchants } from '../frame/rendering.ts'
import {
  MerchantsPanel,
  MoreMerchantsPanel,
  merchantsShown,
  panelWords,
} from '../merchants/merchants-panel.tsx'
import { localeOf } from '../visitor.ts'
import { commonWords } from '../words.ts'
import { OverviewFeed } from './feed.ts'
import { spanDefault, spans } from './history/charts.ts'
import { addLive } from './live.ts'
import { ChartFrames, ChartNumbers, ChartTable } from './panels/charts-panel.tsx'
import { SourcesPanel, StatesPanel } from './panels/credits-panel.tsx'
import { FiguresPanel } from './panels/figures-panel.tsx'
import { HealthPanel } from './panels/health-panel.tsx'
import { RunsPanel } from './panels/runs-panel.tsx'
import { VerdictPanel } from './panels/verdict-panel.tsx'
import type { Snapshot } from './snapshot.ts'
import { type View, type Viewer, viewOf } from './view.ts'
import { overviewWords } from './words.ts'

/** The parts that change, by the name of the event that updates them. */
const panels = {
  verdict: VerdictPanel,
  figures: FiguresPanel,
  states: StatesPanel,
  sources: SourcesPanel,
  numbers: ChartNumbers,
  table: ChartTable,
  health: HealthPanel,
  runs: RunsPanel,
} as const

/** Those of a service with several merchants. */
const ofSeveral = { merchants: MerchantsPanel, moreMerchants: MoreMerchantsPanel } as const

const allPanels = { ...panels, ...ofSeveral }

type PanelName = keyof typeof allPanels

/** The first page: are payments credited, and if not, what is wrong? */
export function addOverview(app: WebApp, parts: ConsoleParts): void {
  const { budan, clock } = parts
  const feed = new OverviewFeed(parts)
  app.addHook('preClose', async () => feed.end())
  const view = (snapshot: Snapshot, viewer: Viewer) =>
    viewOf({ snapshot, feed, policy: budan.policy, clock }, viewer)
  const rendered = renderedOnce(view, budan)

  addLive(app, {
    feed,
    isStillIn: parts.isStillIn,
    render: (snapshot, request) => rendered(snapshot, viewerOf(request)),
  })
  app.get('/', { schema, config: { scope: 'orders:read' } }, async (request, reply) => {
    const viewer = viewerOf(request)
    const shown = view(await feed.snapshot(), viewer)
    const title = commonWords(viewer.locale, budan.gateway.label).sections.overview
    return sendPage(
      reply,
      <Page
        title={title}
        section="overview"
        scripts={[assets.htmxSse, assets.uplot, assets.overview]}
        styles={[assets.uplotStyle]}
      >
        <Overview view={shown} title={title} />
      </Page>,
    )
  })
}

const schema = {
  operationId: 'console',
  tags: ['operation'],
  summary: 'The console: pages for people. A browser without a session gets the login',
  response: {
    200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
  },
}

const query = z.object({
  hours: z.coerce.number().catch(spanDefault.hours),
})

/** Other hours than those of `spans` mean the default. */
function viewerOf(request: FastifyRequest): Viewer {
  const form = readForm(query, request.query)
  const hours = form.ok ? form.value.hours : spanDefault.hours
  const span = spans.find((each) => each.hours === hours) ?? spanDefault
  return { locale: localeOf(request), span }
}

/** The regions of a snapshot, rendered once for all viewers who see the same. */
function renderedOnce(
  view: (snapshot: Snapshot, viewer: Viewer) => View,
  { gateway, merchants }: Pick<Budan, 'gateway' | 'merchants'>,
) {
  const byViewer = new Map<string, ReturnType<typeof render>>()
  let last: Snapshot | null = null
  return (snapshot: Snapshot, viewer: Viewer) => {
    if (snapshot !== last) byViewer.clear()
    last = snapshot
    const { locale, span } = viewer
    const key = `${locale} ${span.hours}`
    const rendering = { locale, gateway, merchants, frame: null }
    const rendered = byViewer.get(key) ?? render(view(snapshot, viewer), rendering)
    byViewer.set(key, rendered)
    return rendered
  }
}

function render(view: View, rendering: Rendering) {
  const shown = rendering.merchants.length > 1 ? allPanels : panels
  const regions = Object.entries(shown).map(([name, Panel]) => [
    name,
    htmlOf(<Panel {...view} />, rendering),
  ])
  return { regions: Object.fromEntries(regions) as Record<PanelName, string>, now: view.now }
}

function Overview({ view, title }: { view: View; title: string }) {
  const { span, now } = view
  const words = overviewWords()
  const region = (name: PanelName): VNode => {
    const Panel = allPanels[name] as (view: View) => VNode
    return (
      <div sse-swap={name}>
        <Panel {...view} />
      </div>
    )
  }
  return (
    <div
      id="overview"
      data-now={now.toISOString()}
      data-units={JSON.stringify(words.units)}
      data-time={words.time}
      hx-ext="sse"
      sse-connect={`/live?hours=${span.hours}`}
    >
      <div class="overview-title">
        <h1>{title}</h1>
        <LiveState {...view} />
      </div>
      <section aria-labelledby="promise" aria-live="polite">
        <h2 id="promise">{words.payments}</h2>
        {region('verdict')}
      </section>
      <Part id="figures" title={words.figures}>
        {region('figures')}
      </Part>
      <Merchants {...{ region }} />
      <Part id="credits" title={`${words.credits}: ${words.span(span.hours)}`}>
        <p class="muted">{words.creditsIs}</p>
        <Spans {...view} />
        {region('sources')}
        <ChartFrames {...view} />
        {region('numbers')}
        <details>
          <summary>{words.asTable}</summary>
          {region('table')}
        </details>
      </Part>
      <Part id="states" title={words.states}>
        {region('states')}
      </Part>
      <Part id="health" title={words.health}>
        {region('health')}
      </Part>
      <Part id="runs" title={words.runs}>
        {region('runs')}
        <p>
          <a href="/runs">{words.allRuns}</a>
        </p>
      </Part>
    </div>
  )
}

/** Where there are several. Those that are OK are outside of the part that changes, so that they stay open. */
function Merchants({ region }: { region: (name: PanelName) => VNode }) {
  const words = panelWords(useLocale())
  const { length: count } = useMerchants()
  if (count < 2) return null
  return (
    <Part id="merchants" title={words.title}>
      {region('merchants')}
      {count > merchantsShown && (
        <details>
          <summary>{words.more}</summary>
          {region('moreMerchants')}
        </details>
      )}
      <p class="muted">{words.about}</p>
    </Part>
  )
}

function Part(props: { id: string; title: string; children: ComponentChildren }) {
  const { id, title, children } = props
  return (
    <section aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  )
}

/** `assets/overview.js` shows the state of the connection here; without it, this is the age of the page. */
function LiveState({ now }: View) {
  const words = overviewWords()
  return (
    <p
      id="live-state"
      class="muted"
      role="status"
      data-live={words.live}
      data-lost={words.lost}
      data-ended={words.loginEnded}
      data-log-in={words.logIn}
    >
      {words.asOf[0]}
      <Time at={now} />
      {words.asOf[1]}
    </p>
  )
}

function Spans({ span }: View) {
  const words = overviewWords()
  return (
    <Filters
      label={words.spans}
      choices={spans.map(({ hours }) => ({
        text: words.spanName(hours),
        href: hours === spanDefault.hours ? '/#credits-title' : `/?hours=${hours}#credits-title`,
        isCurrent: hours === span.hours,
      }))}
    />
  )
}
