import type { ComponentChildren } from 'preact'
import { unreachable } from '../../../domain/assert.ts'
import { causeAndMessage } from '../../../domain/decide.ts'
import type { Order } from '../../../domain/order.ts'
import type { Answer, Trade } from '../../../domain/trade.ts'
import { reasonText } from '../../../i18n/reasons.ts'
import { Badge, EvidenceDetails, Money, Notice, Table, Time } from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import { reviewWords } from './words.ts'

export function Comparison({ order, answer }: { order: Order; answer: Answer }) {
  return (
    <>
      <Said {...{ order, answer }} />
      <EvidenceDetails summary={reviewWords().evidence} evidence={answer.evidence} />
    </>
  )
}

function Said({ order, answer }: { order: Order; answer: Answer }) {
  const words = reviewWords()
  const locale = useLocale()
  switch (answer.kind) {
    case 'trade':
      return <Compared order={order} trade={answer.trade} />
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

/** Side by side on a phone, too. */
function Compared({ order, trade }: { order: Order; trade: Trade }) {
  const words = reviewWords()
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
      {theirs} {said && <Same is={is} />}
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

function Same({ is }: { is: boolean }) {
  const words = reviewWords()
  return <Badge tone={is ? 'good' : 'bad'}>{is ? words.same : words.differs}</Badge>
}
