import { orderStatuses, sources } from '../../../../domain/order-states.ts'
import { termsOf } from '../../../../i18n/terms.ts'
import { Badge, StatusBadge, Table, Time } from '../../frame/parts.tsx'
import { useLocale } from '../../frame/rendering.ts'
import { type Histogram, totalOf } from '../history/histogram.ts'
import type { View } from '../view.ts'
import { countText, latencyText, overviewWords, roughCountText } from '../words.ts'

export function StatesPanel({ snapshot: { vitals } }: View) {
  const words = overviewWords()
  if (vitals === null) return <p>{words.statesUnknown}</p>
  const { ordersByStatus } = vitals
  const isNone = orderStatuses.every((status) => ordersByStatus[status] === 0)
  return (
    <>
      <Table
        caption={words.states}
        head={words.stateHead}
        empty=""
        rows={orderStatuses.map((status) => [
          <a key={status} href={`/orders?status=${status}`}>
            <StatusBadge status={status} />
          </a>,
          roughCountText(ordersByStatus[status]),
          words.stateIs[status],
        ])}
      />
      {isNone && <p>{words.noOrders}</p>}
    </>
  )
}

/** Credits by `credited_by`, with the time from payment to credit. */
export function SourcesPanel({ credits, readFrom, span }: View) {
  const words = overviewWords()
  const { source } = termsOf(useLocale())
  const total = totalOf(credits)
  const cells = (credited: Histogram | undefined) => [
    countText(credited?.count ?? 0),
    total.count === 0 ? '–' : shareText((credited?.count ?? 0) / total.count),
    latencyText(credited?.percentileMs(50) ?? null),
    latencyText(credited?.percentileMs(99) ?? null),
  ]
  return (
    <>
      <Table
        caption={`${words.credits}, ${words.span(span.hours)}`}
        head={words.creditsHead}
        empty=""
        rows={[
          ...sources.map((name) => [
            source[name],
            ...cells(credits.get(name)),
            words.sourceIs[name],
          ]),
          [<strong key="total">{words.total}</strong>, ...cells(total), ''],
        ]}
      />
      {readFrom !== null && (
        <p>
          <Badge tone="plain">{words.readSoFar[0]}</Badge> <Time at={readFrom} />
          {words.readSoFar[1]}
        </p>
      )}
    </>
  )
}

/** Rounded down: never 100 % where one is missing. */
function shareText(share: number): string {
  const percent = Math.floor(share * 1000) / 10
  return share > 0 && percent === 0 ? '< 0.1 %' : `${percent} %`
}
