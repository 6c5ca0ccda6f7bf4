import type { Run, RunResult, RunStatus } from '../../../domain/runs/run.ts'
import { countdownText, durationText, rateText } from '../../../i18n/durations.ts'
import { termsOf } from '../../../i18n/terms.ts'
import { translate } from '../../../i18n/translate.ts'
import { Badge, Facts, Notice, Time, type Tone } from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import { ResultList, type Wanted } from './result-list.tsx'
import type { Progress, Unrecorded } from './runs-going.ts'
import { runWords } from './words.ts'

export type Sight =
  | { readonly kind: 'going'; readonly progress: Progress }
  | { readonly kind: 'unrecorded'; readonly unrecorded: Unrecorded }
  | { readonly kind: 'elsewhere'; readonly run: Run; readonly node: string }
  | {
      readonly kind: 'ended'
      readonly run: Run
      readonly results: readonly RunResult[]
      readonly node: string
      /** Why runs are held back now, for a run that was stopped; null: they are not. */
      readonly held: string | null
    }

export interface SightProps {
  readonly id: string
  readonly sight: Sight
  readonly wanted: Wanted
  /** The age at which an order is first queried. */
  readonly thresholdMs: number
}

/** The part of a run's page that changes: it reloads itself until the run has ended. */
export function RunSection(props: SightProps) {
  const { id, sight } = props
  const words = runWords()
  const every = { going: '1s', elsewhere: '5s', unrecorded: null, ended: null }[sight.kind]
  const path = `/runs/${encodeURIComponent(id)}`
  return (
    <section
      id="run"
      {...(every !== null && {
        'hx-get': `${path}/progress`,
        'hx-trigger': `every ${every}`,
        'hx-swap': 'outerHTML',
      })}
    >
      <Content {...props} />
      {every !== null && (
        <noscript>
          <p>
            <a href={path}>{words.lookAgain}</a>
          </p>
        </noscript>
      )}
    </section>
  )
}

function Content(props: SightProps) {
  const { sight } = props
  const words = runWords()
  switch (sight.kind) {
    case 'going':
      return (
        <>
          {sight.progress.dryRun && <p>{words.dryGoing}</p>}
          <ProgressBar progress={sight.progress} />
        </>
      )
    case 'unrecorded':
      return (
        <>
          <Notice tone="warn">{words.unrecorded}</Notice>
          {sight.unrecorded.kind === 'ended' && <p>{countsText(sight.unrecorded.run)}</p>}
        </>
      )
    case 'elsewhere':
      return <Notice tone="plain">{words.elsewhere(sight.node)}</Notice>
    case 'ended':
      return <Ended {...props} {...sight} />
  }
}

export function ProgressBar({ progress }: { progress: Progress }) {
  const words = runWords()
  const { queried, total } = progress
  if (total === null) {
    return (
      <div class="going">
        <progress aria-label={words.progress} />
        <p>{words.reading}</p>
      </div>
    )
  }
  return (
    <div class="going">
      <progress aria-label={words.progress} value={queried} max={Math.max(total, 1)} />
      <p>{paceText(progress, total)}</p>
    </div>
  )
}

function paceText({ queried, perSec, leftMs }: Progress, total: number): string {
  const locale = useLocale()
  const words = runWords()
  const parts = [words.queriedOf(queried, total)]
  if (queried >= total) return [...parts, words.settling].join(' · ')
  if (perSec !== null) parts.push(rateText(perSec, locale))
  if (leftMs !== null) parts.push(words.left(countdownText(leftMs, locale)))
  return parts.join(' · ')
}

function Ended(props: SightProps & Extract<Sight, { kind: 'ended' }>) {
  const { id, run, results, node, wanted } = props
  const locale = useLocale()
  const words = runWords()
  return (
    <>
      <Verdict {...props} />
      <Facts
        pairs={[
          [words.columns.status, <RunStatusBadge key="status" run={run} />],
          [words.facts.trigger, termsOf(locale).trigger[run.trigger]],
          ...(run.slot === null
            ? []
            : [[words.facts.slot, <Time key="slot" at={run.slot} />] as const]),
          [words.facts.started, <Time key="started" at={run.startedAt} />],
          [words.facts.finished, <Time key="finished" at={run.finishedAt} />],
          [
            words.facts.duration,
            run.durationMs === null ? null : durationText(run.durationMs, locale),
          ],
          [words.facts.node, node],
        ]}
      />
      <ResultList {...{ id, run, results, wanted }} />
    </>
  )
}

function Verdict({ run, held, thresholdMs }: SightProps & Extract<Sight, { kind: 'ended' }>) {
  const locale = useLocale()
  const words = runWords()
  const { unknown, error } = run.outcomes
  return (
    <>
      {run.dryRun && <Notice tone="plain">{words.dryNotice}</Notice>}
      {run.status === 'failed' && (
        <Notice tone="bad">
          {words.failed} {words.failedWhat}
        </Notice>
      )}
      {run.status === 'stopped' && <Stopped held={held} />}
      {run.status === 'finished' && run.total === 0 && (
        <Notice tone="good">{words.empty(durationText(thresholdMs, locale))}</Notice>
      )}
      {run.total > 0 && (
        <p>
          {words.done(run.total)} {countsText(run)}
        </p>
      )}
      {unknown > 0 && (
        <Notice tone="warn">
          {words.unanswered(unknown)}{' '}
          {run.status === 'finished' && unknown === run.total && words.unansweredAll}
        </Notice>
      )}
      {error > 0 && <Notice tone="bad">{words.errors(error)}</Notice>}
    </>
  )
}

/** Why it was stopped, as far as that is known now. */
function Stopped({ held }: { held: string | null }) {
  const locale = useLocale()
  const words = runWords()
  return (
    <Notice tone="warn">
      <p>{words.stopped}</p>
      {held === null ? (
        <p>{words.notHeldNow}</p>
      ) : (
        <p>
          {words.heldNow}: <strong>{translate(held, locale)}</strong>. {words.heldWhat}{' '}
          <a href="/">{words.overview}</a>
        </p>
      )}
    </Notice>
  )
}

const tones: Readonly<Record<RunStatus, Tone>> = {
  running: 'plain',
  finished: 'good',
  stopped: 'warn',
  failed: 'bad',
}

export function RunStatusBadge({ run }: { run: Run }) {
  return <Badge tone={tones[run.status]}>{termsOf(useLocale()).runStatus[run.status]}</Badge>
}

/** `3 credited · 40 waiting`, without zeros; for a dry run, what would happen. */
export function countsText({ outcomes, dryRun }: Run): string {
  const names = dryRun ? runWords().wouldBe : termsOf(useLocale()).outcome
  return Object.entries(outcomes)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => runWords().count(names[outcome as keyof typeof names], count))
    .join(' · ')
}
