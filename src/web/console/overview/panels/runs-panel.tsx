import { durationText } from '../../../../i18n/durations.ts'
import { termsOf } from '../../../../i18n/terms.ts'
import { Table, Time } from '../../frame/parts.tsx'
import { useLocale } from '../../frame/rendering.ts'
import { RunStatusBadge } from '../../runs/run-section.tsx'
import type { View } from '../view.ts'
import { countText, overviewWords } from '../words.ts'

export function RunsPanel({ snapshot: { runs } }: View) {
  const words = overviewWords()
  const locale = useLocale()
  const { trigger } = termsOf(locale)
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
          <RunStatusBadge run={run} /> {run.dryRun ? words.dryRun : trigger[run.trigger]}
        </>,
        countText(run.total),
        countText(run.success),
        countText(run.failed),
        run.durationMs === null ? '–' : durationText(run.durationMs, locale),
      ])}
    />
  )
}
