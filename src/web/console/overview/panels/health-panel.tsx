import type { ReadinessCheck } from '../../../../health/readiness.ts'
import { durationText } from '../../../../i18n/durations.ts'
import { translate } from '../../../../i18n/translate.ts'
import { Badge, Table, type Tone } from '../../frame/parts.tsx'
import { useLocale } from '../../frame/rendering.ts'
import { countCalls } from '../history/gateway-calls.ts'
import type { View } from '../view.ts'
import { countText, overviewWords, withOwnTimes } from '../words.ts'

/** The checks of readiness, and the gateway by the calls of this node. */
export function HealthPanel(view: View) {
  const { snapshot } = view
  const locale = useLocale()
  const words = overviewWords()
  // Those of one of several merchants are in the table of merchants.
  const checks = (snapshot.readiness?.checks ?? []).filter(({ merchant }) => merchant === undefined)
  return (
    <>
      {snapshot.readiness === null && <p>{words.healthUnknown}</p>}
      <Table
        caption={words.health}
        head={words.healthHead}
        empty=""
        rows={[
          ...checks.map((check) => [
            words.checks[check.name],
            <Badge key={check.name} tone={toneOf(check)}>
              {words.stateOf[toneOf(check)]}
            </Badge>,
            withOwnTimes(translate(check.detail, locale)),
          ]),
          gatewayRow(view),
        ]}
      />
    </>
  )
}

function toneOf({ ok, condition }: ReadinessCheck): 'good' | 'warn' | 'bad' {
  if (!ok) return 'bad'
  return condition === 'warning' ? 'warn' : 'good'
}

function gatewayRow({ lately, verdict }: View) {
  const words = overviewWords()
  const { total, failed, failures } = countCalls(lately)
  const isFailing = verdict.concerns.some(({ kind }) =>
    ['gateway_failing', 'gateway_useless', 'breaker', 'merchants_stopped'].includes(kind),
  )
  const tone: Exclude<Tone, 'bad'> = total.count === 0 ? 'plain' : isFailing ? 'warn' : 'good'
  const causes = failures.map(
    ({ outcome, count }) => `${words.outcomes[outcome] ?? outcome} ${countText(count)}`,
  )
  const time = (percent: number) => durationText(total.percentileMs(percent) ?? 0, useLocale())
  return [
    words.gateway,
    <Badge key="gateway" tone={tone}>
      {words.stateOf[tone]}
    </Badge>,
    total.count === 0
      ? words.noCalls
      : words.calls({
          total: countText(total.count),
          failed: countText(failed),
          causes,
          times: [time(50), time(99)],
        }),
  ]
}
