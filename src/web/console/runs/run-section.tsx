import type { Run, RunResult, RunStatus } from '../../../domain/run.ts'
import { countdownText, durationText, rateText } from '../../../i18n/durations.ts'
import type { Locale } from '../../../i18n/locale.ts'
import { termsOf } from '../../../i18n/terms.ts'
import { translate } from '../../../i18n/translate.ts'
import { Badge, Facts, Notice, Time, type Tone } from '../parts.tsx'
import { ResultList, type Wanted } from './result-list.tsx'
import type { Progress, Unrecorded } from './runs-going.ts'
import { type RunWords, runWords } from './words.ts'

/** A run, as far as it is known. */
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
  readonly locale: Locale
  /** The age at which an order is first queried. */
  readonly thresholdMs: number
}

/** The part of a run's page that changes: it reloads itself until the run has ended. */
export function RunSection(props: SightProps) {
  const { id, sight, locale } = props
  const words = runWords(locale)
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
  const { sight, locale } = props
  const words = runWords(locale)
  switch (sight.kind) {
    case 'going':
      return (
        <>
          {sight.progress.dryRun && <p>{words.dryGoing}</p>}
          <ProgressBar progress={sight.progress} locale={locale} />
        </>
      )
    case 'unrecorded':
      return (
        <>
          <Notice tone="warn">{words.unrecorded}</Notice>
          {sight.unrecorded.kind === 'ended' && <p>{countsText(sight.unrecorded.run, locale)}</p>}
        </>
      )
    case 'elsewhere':
      return <Notice tone="plain">{words.elsewhere(sight.node)}</Notice>
    case 'ended':
      return <Ended {...props} {...sight} />
  }
}

/** As a bar and as text. */
export function ProgressBar({ progress, locale }: { progress: Progress; locale: Locale }) {
  const words = runWords(locale)
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
      <p>{paceText(progress, { total, locale, words })}</p>
    </div>
  )
}

function paceText(
  { queried, perSec, leftMs }: Progress,
  { total, locale, words }: { total: number; locale: Locale; words: RunWords },
): string {
  const parts = [words.queriedOf(queried, total)]
  if (queried >= total) return [...parts, words.settling].join(' · ')
  if (perSec !== null) parts.push(rateText(perSec, locale))
  if (leftMs !== null) parts.push(words.left(countdownText(leftMs, locale)))
  return parts.join(' · ')
}

function Ended(props: SightProps & Extract<Sight, { kind: 'ended' }>) {
  const { id, run, results, node, wanted, locale } = props
  const words = runWords(locale)
  return (
    <>
      <Verdict {...props} words={words} />
      <Facts
        pairs={[
          [words.columns.status, <RunStatusBadge key="status" {...{ run, locale }} />],
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
      <ResultList {...{ id, run, results, wanted, locale }} />
    </>
  )
}

/** The result of the run, and what to do about it. */
function Verdict({
  run,
  held,
  thresholdMs,
  locale,
  words,
}: SightProps & Extract<Sight, { kind: 'ended' }> & { readonly words: RunWords }) {
  const { unknown, error } = run.outcomes
  return (
    <>
      {run.dryRun && <Notice tone="plain">{words.dryNotice}</Notice>}
      {run.status === 'failed' && (
        <Notice tone="bad">
          {words.failed} {words.failedWhat}
        </Notice>
      )}
      {run.status === 'stopped' && <Stopped {...{ held, locale, words }} />}
      {run.status === 'finished' && run.total === 0 && (
        <Notice tone="good">{words.empty(durationText(thresholdMs, locale))}</Notice>
      )}
      {run.total > 0 && (
        <p>
          {words.done(run.total)} {countsText(run, locale)}
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
function Stopped(props: { held: string | null; locale: Locale; words: RunWords }) {
  const { held, locale, words } = props
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

export function RunStatusBadge({ run, locale }: { run: Run; locale: Locale }) {
  return <Badge tone={tones[run.status]}>{termsOf(locale).runStatus[run.status]}</Badge>
}

/** `3 credited · 40 waiting`, without zeros; for a dry run, what would happen. */
export function countsText({ outcomes, dryRun }: Run, locale: Locale): string {
  const names = dryRun ? runWords(locale).wouldBe : termsOf(locale).outcome
  return Object.entries(outcomes)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => runWords(locale).count(names[outcome as keyof typeof names], count))
    .join(' · ')
}
