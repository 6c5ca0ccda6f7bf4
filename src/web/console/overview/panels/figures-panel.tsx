import type { ComponentChildren } from 'preact'
import { durationText } from '../../../../i18n/durations.ts'
import { Time, type Tone, timeText } from '../../frame/parts.tsx'
import { useLocale } from '../../frame/rendering.ts'
import { totalOf } from '../history/histogram.ts'
import { isByHand, isStopped } from '../verdict.ts'
import type { View } from '../view.ts'
import { ageText, countText, latencyText, overviewWords, roughCountText } from '../words.ts'

export function FiguresPanel(view: View) {
  return (
    <div class="cards">
      <NotCredited {...view} />
      <OldestUnasked {...view} />
      <PaymentToCredit {...view} />
      <Reviews {...view} />
      <NextRun {...view} />
    </div>
  )
}

interface CardProps {
  readonly title: string
  readonly figure: ComponentChildren
  readonly tone?: Tone
  readonly children: ComponentChildren
}

function Card({ title, figure, tone = 'plain', children }: CardProps) {
  return (
    <article class={tone}>
      <h3>{title}</h3>
      <p class="figure">{figure}</p>
      <small class="muted">{children}</small>
    </article>
  )
}

function NotCredited({ snapshot: { audit } }: View) {
  const words = overviewWords()
  const { latest, isAutomatic, hasFailed } = audit
  const count = latest?.counts.paid_not_credited ?? null
  return (
    <Card
      title={words.notCredited}
      figure={count === null ? '–' : countText(count)}
      tone={count === null ? 'plain' : count === 0 ? 'good' : 'bad'}
    >
      {words.notCreditedIs}{' '}
      {latest !== null && (
        <>
          {words.countedAt[0]}
          <Time at={latest.at} />
          {words.countedIn(durationText(latest.durationMs, useLocale()))}{' '}
        </>
      )}
      {hasFailed && `${words.notCountable} `}
      {latest === null && !hasFailed && `${isAutomatic ? words.counting : words.notCounted} `}
      <a href="/audit">{words.toAudit}</a>
    </Card>
  )
}

function OldestUnasked({ snapshot: { vitals }, policy, verdict }: View) {
  const words = overviewWords()
  const locale = useLocale()
  const meaning = words.oldestIs(durationText(policy.thresholdMs, locale))
  if (vitals === null) {
    return (
      <Card title={words.oldest} figure={words.unknown}>
        {meaning}
      </Card>
    )
  }
  const { oldestUnaskedMs, mostOverdueMs } = vitals
  const lateMs = (mostOverdueMs ?? 0) - policy.thresholdMs
  const isLong = verdict.concerns.some(({ kind }) => kind === 'long_overdue')
  const isLate = isLong || verdict.concerns.some(({ kind }) => kind === 'overdue')
  return (
    <Card
      title={words.oldest}
      tone={isLong ? 'bad' : isLate ? 'warn' : 'good'}
      figure={
        <>
          {oldestUnaskedMs === null ? words.oldestNone : ageText(oldestUnaskedMs, locale)}
          {lateMs > 0 && (
            <>
              <br />
              {ageText(lateMs, locale)} <small>{words.late}</small>
            </>
          )}
        </>
      }
    >
      {meaning}
      {lateMs > 0 && ` ${words.lateIs}`}
    </Card>
  )
}

function PaymentToCredit({ credits, span }: View) {
  const words = overviewWords()
  const total = totalOf(credits)
  const [p50, p99] = [total.percentileMs(50), total.percentileMs(99)]
  return (
    <Card
      title={words.latency}
      figure={
        p50 === null || p99 === null ? (
          '–'
        ) : (
          <>
            {latencyText(p50)} <small>{words.p50}</small>
            <br />
            {latencyText(p99)} <small>{words.p99}</small>
          </>
        )
      }
    >
      {p50 === null
        ? words.latencyNone(words.span(span.hours))
        : words.latencyIs(countText(total.timedCount), words.span(span.hours))}
    </Card>
  )
}

function Reviews({ snapshot: { vitals } }: View) {
  const words = overviewWords()
  const count = vitals?.reviewQueue ?? null
  return (
    <Card
      title={words.reviews}
      figure={count === null ? words.unknown : roughCountText(count)}
      tone={count === null ? 'plain' : count === 0 ? 'good' : 'warn'}
    >
      {words.reviewsIs} <a href="/reviews">{words.toReviews}</a>
    </Card>
  )
}

function NextRun({ snapshot, policy, now }: View) {
  const words = overviewWords()
  const { readiness, vitals, runs } = snapshot
  const { intervalMs } = policy
  const underWay = runs?.find(({ status, dryRun }) => status === 'running' && !dryRun)
  const last = vitals?.lastFinishedRunAt ?? null
  const nextAt = new Date((Math.floor(+now / intervalMs) + 1) * intervalMs)
  return (
    <Card
      title={words.nextRun}
      figure={
        isByHand(readiness) ? (
          words.byHand
        ) : isStopped(readiness) ? (
          words.stopped
        ) : vitals === null ? (
          words.unknown
        ) : (
          <Countdown to={nextAt} />
        )
      }
    >
      {words.nextRunIs}{' '}
      {isByHand(readiness)
        ? words.byHandIs
        : isStopped(readiness)
          ? words.stoppedIs
          : words.every(durationText(intervalMs, useLocale()))}{' '}
      {underWay !== undefined && (
        <>
          {words.running[0]}
          <Time at={underWay.startedAt} />
          {words.running[1]}{' '}
        </>
      )}
      {last === null ? (
        vitals !== null && words.noRun
      ) : (
        <>
          {words.lastRun[0]}
          <Time at={last} />
          {words.lastRun[1]}
        </>
      )}
    </Card>
  )
}

/** The time of day; `assets/overview.js` replaces it by the remaining time, each second. */
function Countdown({ to }: { to: Date }) {
  const { countdown } = overviewWords()
  const time = timeText(to).slice(11)
  return (
    <time
      dateTime={to.toISOString()}
      data-countdown={countdown.in}
      data-countdown-now={countdown.now}
      title={time}
    >
      {time}
    </time>
  )
}
