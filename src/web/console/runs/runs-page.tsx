import type { Run } from '../../../domain/runs/run.ts'
import { durationText } from '../../../i18n/durations.ts'
import { termsOf } from '../../../i18n/terms.ts'
import type { Page as ListPage } from '../../../store/store.ts'
import { Page } from '../frame/layout.tsx'
import { ActionForm, Badge, Notice, Pager, Table, Time } from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import { commonWords } from '../words.ts'
import { countsText, ProgressBar, RunStatusBadge } from './run-section.tsx'
import type { Progress } from './runs-going.ts'
import { runWords } from './words.ts'

interface RunsPageProps {
  readonly runs: ListPage<Run>
  /** The runs that are in progress in this process. */
  readonly progresses: readonly Progress[]
  readonly isFirst: boolean
}

export function RunsPage({ runs, progresses, isFirst }: RunsPageProps) {
  const words = runWords()
  const title = commonWords().sections.runs
  return (
    <Page title={title} section="runs">
      <h1>{title}</h1>
      {isFirst && <Begin />}
      {progresses.length > 0 && <GoingList progresses={progresses} />}
      <h2>{words.history}</h2>
      <History runs={runs.items} />
      <Pager isFirst={isFirst} path="/runs" nextCursor={runs.nextCursor} />
    </Page>
  )
}

/** The runs in progress in this process. It reloads itself while there are any. */
export function GoingList({ progresses }: { progresses: readonly Progress[] }) {
  const words = runWords()
  return (
    <section
      id="going"
      aria-label={words.goingNow}
      hx-get="/runs/going"
      hx-trigger="every 1s"
      hx-swap="outerHTML"
    >
      {progresses.map((progress) => (
        <article key={progress.runId}>
          <p>
            <a href={`/runs/${progress.runId}`} id={`going-${progress.runId}`}>
              {words.going(progress.runId)}
            </a>{' '}
            {progress.dryRun && <Badge tone="plain">{words.dry}</Badge>}
          </p>
          <ProgressBar progress={progress} />
        </article>
      ))}
    </section>
  )
}

function Begin() {
  const words = runWords()
  return (
    <ActionForm action="/runs" class="begin">
      <p>{words.about}</p>
      <div class="actions">
        <button type="submit" name="kind" value="now">
          {words.runNow}
        </button>
        <button type="submit" name="kind" value="dry" class="outline">
          {words.dryRun}
        </button>
      </div>
      <p class="muted">
        {words.aboutNow} {words.aboutDry} {words.aboutTogether}
      </p>
    </ActionForm>
  )
}

function History({ runs }: { runs: readonly Run[] }) {
  const locale = useLocale()
  const terms = termsOf(locale)
  const words = runWords()
  return (
    <Table
      caption={words.history}
      head={Object.values(words.columns)}
      rows={runs.map((run) => [
        <a key="run" href={`/runs/${run.id}`}>
          {run.id}
        </a>,
        <Time key="started" at={run.startedAt} />,
        <RunStatusBadge key="status" run={run} />,
        run.status === 'running' ? '–' : run.total,
        <span key="outcomes" class="outcomes">
          {countsText(run) || '–'}
        </span>,
        <>
          {terms.trigger[run.trigger]} {run.dryRun && <Badge tone="plain">{words.dry}</Badge>}
        </>,
        <Time key="slot" at={run.slot} />,
        <span key="duration" class="nowrap">
          {run.durationMs === null ? '–' : durationText(run.durationMs, locale)}
        </span>,
      ])}
      empty={words.none}
    />
  )
}

/** Shown instead of a run that could not be started; the list is not available then, either. */
export function NotBegunPage() {
  const words = runWords()
  return (
    <Page title={words.notBegun} section="runs">
      <h1>{words.notBegun}</h1>
      <Notice tone="bad">
        {words.notBegunWhy} {words.notBegunWhat}
      </Notice>
      <p>
        <a href="/">{words.overview}</a>
      </p>
    </Page>
  )
}
