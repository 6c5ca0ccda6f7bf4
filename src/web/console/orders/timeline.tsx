import type { ComponentChildren } from 'preact'
import { formatFen } from '../../../domain/money.ts'
import type { OrderEvent } from '../../../domain/order.ts'
import type { Evidence } from '../../../domain/trade.ts'
import { eventReasonText } from '../../../i18n/reasons.ts'
import { termsOf } from '../../../i18n/terms.ts'
import { translatePart } from '../../../i18n/translate.ts'
import type { OrderLedger, Page } from '../../../store/store.ts'
import {
  Badge,
  EvidenceDetails,
  Filters,
  Pager,
  StatusBadge,
  Time,
  type Tone,
} from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import { type OrderAddress, orderPath, withQuery } from '../paths.ts'
import { isolated } from './isolated.ts'
import { orderWords } from './words.ts'

export const directions = ['newest', 'oldest'] as const
export type Direction = (typeof directions)[number]

export interface TimelineProps {
  readonly address: OrderAddress
  readonly page: Page<OrderEvent>
  readonly direction: Direction
  readonly isFirst: boolean
  readonly ledger: OrderLedger
}

export function Timeline({ address, page, direction, isFirst, ledger }: TimelineProps) {
  const words = orderWords().timeline
  const path = (towards: Direction) => withQuery(orderPath(address), { order: towards })
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">{words.title}</h2>
      <Filters
        label={words.direction}
        choices={directions.map((towards) => ({
          text: words[towards],
          href: `${path(towards)}#timeline`,
          isCurrent: towards === direction,
        }))}
      />
      {page.items.length === 0 && <p>{words.empty}</p>}
      <ol class="timeline" reversed={direction === 'newest'}>
        {page.items.map((event) => (
          <TimelineEvent key={event.id} {...{ event, ledger }} />
        ))}
      </ol>
      <Pager {...{ path: path(direction), nextCursor: page.nextCursor, isFirst }} />
    </section>
  )
}

function TimelineEvent({ event, ledger }: { event: OrderEvent; ledger: OrderLedger }) {
  const locale = useLocale()
  const words = orderWords().timeline
  const terms = termsOf(locale)
  const { reason, evidence, toStatus } = event
  const tone = toneOf(event)
  return (
    <li {...(tone !== 'plain' && { class: tone })}>
      <div class="what">
        <Time at={event.at} />
        <strong>{terms.event[event.kind]}</strong>
        <span>{terms.source[event.source]}</span>
        {event.tradeState !== null && (
          <span>
            {words.said} <span class="code">{event.tradeState}</span>
          </span>
        )}
        {event.decision !== null && <span>→ {terms.decision[event.decision]}</span>}
        {toStatus !== null && <StatusBadge status={toStatus} />}
        {event.alarm && <Badge tone="bad">{words.alarm}</Badge>}
      </div>
      {reason !== null && (
        <p>
          <bdi>{eventReasonText(event, locale)}</bdi>
        </p>
      )}
      <Notes evidence={evidence} />
      {toStatus === 'paid' && <Booked ledger={ledger} />}
      <Origin event={event} />
      {evidence !== null && <EvidenceDetails summary={words.evidence} evidence={evidence} />}
    </li>
  )
}

/** The parts of the gateway's answer that the evidence does not have in full. */
function Notes({ evidence }: { evidence: Evidence | null }) {
  const notes = evidence?.notes
  if (!Array.isArray(notes)) return null
  const locale = useLocale()
  const said = notes.map((note) => translatePart(String(note), { set: 'seenNote', locale }))
  return (
    <small class="muted">
      <bdi>{said.join(' · ')}</bdi>
    </small>
  )
}

function toneOf({ alarm, toStatus }: OrderEvent): Tone {
  if (alarm) return toStatus === 'review' ? 'warn' : 'bad'
  return toStatus === 'paid' ? 'good' : 'plain'
}

function Booked({ ledger }: { ledger: OrderLedger }) {
  const from = ledger.entries.find(({ amount }) => amount < 0n)
  const to = ledger.entries.find(({ amount }) => amount > 0n)
  if (from === undefined || to === undefined) return null
  const accounts = { from: isolated(from.account), to: isolated(to.account) }
  return (
    <p>
      {orderWords().timeline.booked(formatFen(to.amount), accounts)}{' '}
      <a href="#ledger">{orderWords().ledger.title}</a>
    </p>
  )
}

function Origin({ event }: { event: OrderEvent }) {
  const words = orderWords().timeline
  const { id, runId, node, operator, actor } = event
  const parts: readonly ComponentChildren[] = [
    runId !== null && <a href={`/runs/${encodeURIComponent(runId)}`}>{words.run(runId)}</a>,
    operator !== null && operator !== actor?.name && words.operator(isolated(operator)),
    actor !== null && words.actor(isolated(actor.name), actor.address),
    node !== null && words.node(node),
    words.event(id),
  ].filter((part) => part !== false)
  return (
    <small class="muted">
      {parts.map((part, at) => (
        <span key={at}>
          {at > 0 && ' · '}
          {part}
        </span>
      ))}
    </small>
  )
}
