import type { Run } from '../../../domain/run.ts'
import { durationText } from '../../../i18n/durations.ts'
import type { Locale } from '../../../i18n/locale.ts'
import { termsOf } from '../../../i18n/terms.ts'
import type { Page as ListPage } from '../../../store/store.ts'
import { type Frame, Page } from '../layout.tsx'
import { ActionForm, Badge, Notice, Pager, Table, Time } from '../parts.tsx'
import { commonWords } from '../words.ts'
import { countsText, ProgressBar, RunStatusBadge } from './run-section.tsx'
import type { Progress } from './runs-going.ts'
import { type RunWords, runWords } from './words.ts'

interface RunsPageProps {
  readonly frame: Frame
  readonly runs: ListPage<Run>
  /** The runs that are in progress in this process. */
  readonly progresses: readonly Progress[]
  readonly isFirst: boolean
}

export function RunsPage({ frame, runs, progresses, isFirst }: RunsPageProps) {
  const { locale } = frame.visitor
  const words = runWords(locale)
  const title = commonWords(locale).sections.runs
  return (
    <Page frame={frame} title={title} section="runs">
      <h1>{title}</h1>
      {isFirst && <Begin {...{ frame, words }} />}
      {progresses.length > 0 && <GoingList {...{ progresses, locale }} />}
      <h2>{words.history}</h2>
      <History {...{ frame, words }} runs={runs.items} />
      <Pager {...{ locale, isFirst }} path="/runs" nextCursor={runs.nextCursor} />
    </Page>
  )
}

interface PartProps {
  readonly frame: Frame
  readonly words: RunWords
}

/** The runs in progress in this process. It reloads itself while there are any. */
export function GoingList(props: { progresses: readonly Progress[]; locale: Locale }) {
  const { progresses, locale } = props
  const words = runWords(locale)
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
          <ProgressBar {...{ progress, locale }} />
        </article>
      ))}
    </section>
  )
}

function Begin({ frame, words }: PartProps) {
  return (
    <ActionForm action="/runs" frame={frame} class="begin">
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

function History({ frame, words, runs }: PartProps & { readonly runs: readonly Run[] }) {
  const { locale } = frame.visitor
  const terms = termsOf(locale)
  const { columns } = words
  return (
    <Table
      caption={words.history}
      head={[
        columns.run,
        columns.started,
        columns.status,
        columns.orders,
        columns.outcomes,
        columns.trigger,
        columns.slot,
        columns.duration,
      ]}
      rows={runs.map((run) => [
        <a key="run" href={`/runs/${run.id}`}>
          {run.id}
        </a>,
        <Time key="started" at={run.startedAt} />,
        <RunStatusBadge key="status" run={run} locale={locale} />,
        run.status === 'running' ? '–' : run.total,
        <span key="outcomes" class="outcomes">
          {countsText(run, locale) || '–'}
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
export function NotBegunPage({ frame }: { readonly frame: Frame }) {
  const words = runWords(frame.visitor.locale)
  return (
    <Page frame={frame} title={words.notBegun} section="runs">
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
