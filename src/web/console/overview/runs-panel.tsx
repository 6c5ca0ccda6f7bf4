import type { Run } from '../../../domain/run.ts'
import { durationText } from '../../../i18n/durations.ts'
import { termsOf } from '../../../i18n/terms.ts'
import { Badge, Table, Time, type Tone } from '../parts.tsx'
import type { View } from './view.ts'
import { countText, overviewWords } from './words.ts'

const tones: Readonly<Record<Run['status'], Tone>> = {
  running: 'plain',
  finished: 'good',
  stopped: 'warn',
  failed: 'bad',
}

export function RunsPanel({ snapshot: { runs }, locale }: View) {
  const words = overviewWords(locale)
  const terms = termsOf(locale)
  if (runs === null) return <p>{words.runsUnknown}</p>
  return (
    <Table
      caption={words.runs}
      head={words.runHead}
      empty={words.noRuns}
      rows={runs.map((run) => [
        <a key={run.id} href={`/runs/${run.id}`}>
          {run.id}
        </a>,
        <Time key={run.id} at={run.startedAt} />,
        <>
          <Badge tone={tones[run.status]}>{terms.runStatus[run.status]}</Badge>{' '}
          {run.dryRun ? words.dryRun : terms.trigger[run.trigger]}
        </>,
        countText(run.total),
        countText(run.success),
        countText(run.failed),
        run.durationMs === null ? '–' : durationText(run.durationMs, locale),
      ])}
    />
  )
}
