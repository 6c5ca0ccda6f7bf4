import type { ComponentChildren } from 'preact'
import { unreachable } from '../../../domain/assert.ts'
import { causeAndMessage } from '../../../domain/decide.ts'
import type { Order } from '../../../domain/order.ts'
import type { Answer, Evidence, Trade } from '../../../domain/trade.ts'
import type { Locale } from '../../../i18n/locale.ts'
import { reasonText } from '../../../i18n/reasons.ts'
import { Badge, Money, Notice, Table, Time } from '../parts.tsx'
import { type ReviewWords, reviewWords } from './words.ts'

/** The order beside the gateway's answer. */
export function Comparison(props: { order: Order; answer: Answer; locale: Locale }) {
  const { order, answer, locale } = props
  const words = reviewWords(locale)
  return (
    <>
      <Said {...{ order, answer, locale, words }} />
      <EvidenceDetails summary={words.evidence} evidence={answer.evidence} />
    </>
  )
}

interface SaidProps {
  readonly order: Order
  readonly answer: Answer
  readonly locale: Locale
  readonly words: ReviewWords
}

function Said({ order, answer, locale, words }: SaidProps) {
  switch (answer.kind) {
    case 'trade':
      return <Compared {...{ order, words }} trade={answer.trade} />
    case 'absent':
      return <Notice tone="warn">{words.absent}</Notice>
    case 'unknown':
      return (
        <Notice tone="warn">
          {words.unknown(reasonText({ code: 'unanswered', ...causeAndMessage(answer) }, locale))}
        </Notice>
      )
    default:
      return unreachable(answer)
  }
}

interface ComparedProps {
  readonly order: Order
  readonly trade: Trade
  readonly words: ReviewWords
}

/** Side by side on a phone, too. */
function Compared({ order, trade, words }: ComparedProps) {
  const { facts } = words
  const state = `${words.states[trade.state]} (${trade.reported})`
  const texts = [
    [facts.currency, order.currency, trade.currency],
    [facts.orderNo, order.orderNo, trade.orderNo],
    [facts.mchid, order.mchid, trade.mchid],
    [facts.appid, order.appid, trade.appid],
  ] as const
  // The gateway's answer for an unpaid trade may lack fields.
  const isSaid = (fact: unknown) => fact !== null || trade.state === 'paid'
  const shown = (theirs: ComponentChildren, { is, said }: { is: boolean; said: boolean }) => (
    <>
      {theirs} {said && <Same {...{ is, words }} />}
    </>
  )
  const rows: readonly (readonly ComponentChildren[])[] = [
    [facts.state, '', state],
    [
      facts.amount,
      <Money key="amount" fen={order.amount} />,
      shown(trade.amount === null ? '–' : <Money fen={trade.amount} currency={trade.currency} />, {
        is: order.amount === trade.amount,
        said: isSaid(trade.amount),
      }),
    ],
    ...texts.map(([name, ours, theirs]) => [
      name,
      ours,
      shown(theirs ?? '–', { is: ours === theirs, said: isSaid(theirs) }),
    ]),
    [facts.transaction, '', trade.transactionId ?? '–'],
    [facts.paidAt, '', <Time key="paid" at={trade.paidAt} />],
  ]
  const head = [words.fact, words.ordered, words.answered]
  return (
    <div class="comparison">
      <Table caption={words.compared} head={head} rows={rows} empty="" />
    </div>
  )
}

function Same({ is, words }: { is: boolean; words: ReviewWords }) {
  return <Badge tone={is ? 'good' : 'bad'}>{is ? words.same : words.differs}</Badge>
}

export function EvidenceDetails({ summary, evidence }: { summary: string; evidence: Evidence }) {
  return (
    <details>
      <summary>{summary}</summary>
      <pre class="raw">{JSON.stringify(evidence, null, 2)}</pre>
    </details>
  )
}
