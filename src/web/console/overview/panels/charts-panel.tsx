import { Table, timeText } from '../../frame/parts.tsx'
import { chartData, type Slot } from '../history/charts.ts'
import type { View } from '../view.ts'
import { countText, latencyText, overviewWords } from '../words.ts'

export const chartNames = ['credits', 'latency', 'calls'] as const

/** Empty until a script draws in them. They are not sent again, so that the drawing stays. */
export function ChartFrames({ span }: Pick<View, 'span'>) {
  const words = overviewWords()
  const slot = words.minutes(span.slotMins)
  const notes = {
    credits: words.charted.creditsIs(slot),
    latency: words.charted.latencyIs(slot),
    calls: words.charted.callsIs(slot),
  }
  return (
    <div class="charts">
      {chartNames.map((name) => (
        <figure key={name}>
          <figcaption>
            <strong>{words.charted[name]}</strong> <small class="muted">{notes[name]}</small>
          </figcaption>
          <div class="chart" id={`chart-${name}`} role="img" aria-label={words.charted[name]} />
        </figure>
      ))}
    </div>
  )
}

export function ChartNumbers({ slots }: View) {
  return <data id="chart-data" value={JSON.stringify(chartData(slots))} hidden />
}

export function ChartTable({ slots }: View) {
  const words = overviewWords()
  const rows = slots.filter(hasSomething).toReversed()
  return (
    <Table
      caption={words.charts}
      head={words.chartHead}
      empty={words.chartEmpty}
      rows={rows.map(({ fromMs, credits, p50Ms, p99Ms, answered, failed }) => [
        timeText(new Date(fromMs)).slice(0, 16),
        credits === null ? '–' : countText(Object.values(credits).reduce((a, b) => a + b, 0)),
        latencyText(p50Ms),
        latencyText(p99Ms),
        countText(answered),
        countText(failed),
      ])}
    />
  )
}

function hasSomething({ credits, answered, failed }: Slot): boolean {
  return answered + failed > 0 || Object.values(credits ?? {}).some((count) => count > 0)
}
