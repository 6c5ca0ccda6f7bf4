import type { ComponentChildren } from 'preact'
import { isOf, merchantName } from '../../../domain/merchant.ts'
import type { Order, OrderEvent } from '../../../domain/order.ts'
import type { OrderLedger, Page as PageOf } from '../../../store/store.ts'
import { presentOrder, presentOrderEvent } from '../../api/shapes/present.ts'
import { Page } from '../frame/layout.tsx'
import { BusyForm, Facts, Money, Notice, StatusBadge, Table, Time } from '../frame/parts.tsx'
import { useFrame, useMerchants } from '../frame/rendering.ts'
import {
  accountPath,
  type OrderAddress,
  orderPath,
  ordersOfUserPath,
  reviewPath,
} from '../paths.ts'
import { type CheckedNews, CheckedNotice } from './checked-notice.tsx'
import { CopyButton } from './copy-button.tsx'
import { type Direction, Timeline } from './timeline.tsx'
import { type TracedNews, TracedNotice } from './trace/trace-parts.tsx'
import { Verdict, type VerdictProps } from './verdict.tsx'
import { orderWords } from './words.ts'

export interface OrderPageProps {
  readonly address: OrderAddress
  readonly verdict: VerdictProps
  readonly ledger: OrderLedger
  readonly page: PageOf<OrderEvent>
  readonly direction: Direction
  readonly isFirst: boolean
  readonly checked: CheckedNews | null
  readonly traced: TracedNews | null
}

/** The answer first, then its facts. */
export function OrderPage(props: OrderPageProps) {
  const { address, verdict, ledger, page, direction, isFirst, checked, traced } = props
  const { order } = verdict
  const merchants = useMerchants()
  const words = orderWords()
  const { orderNo } = order
  // Another merchant's order is not queried: a check would have no result.
  const checkPath = orderPath(address, '/check')
  const isOthers = !merchants.some((merchant) => isOf(merchant, order))
  return (
    <Page title={words.title(orderNo)} section="orders">
      <div class="order-title">
        <h1>
          {words.order}{' '}
          <span id="order-no" class="code">
            {orderNo}
          </span>
        </h1>
        <CopyButton of="order-no" />
        <StatusBadge status={order.status} />
        {merchants.length > 1 && <span>{merchantName(merchants, order)}</span>}
      </div>
      {checked && !isOthers && <CheckedNotice checked={checked} />}
      {traced && <TracedNotice {...{ traced, order }} />}
      <Verdict {...verdict} mayCheck={useFrame().may('POST', checkPath)} />
      <div class="actions">
        {!isOthers && (
          <BusyForm
            id="check-now"
            action={checkPath}
            {...words.checkForm}
            hint={words.checkHints[order.status]}
          />
        )}
        {order.status === 'review' && <a href={reviewPath(address)}>{words.toReview}</a>}
        <a href={accountPath(order.userId)}>{words.toAccount}</a>
        <a href={ordersOfUserPath(order.userId)}>{words.ordersOfUser}</a>
      </div>
      <section aria-labelledby="facts">
        <h2 id="facts">{words.facts.title}</h2>
        <Facts pairs={factsOf(order)} />
      </section>
      <Ledger {...{ order, ledger }} />
      <Timeline {...{ address, page, direction, isFirst, ledger }} />
      <Raw {...{ address, order, page, direction, isFirst }} />
    </Page>
  )
}

function factsOf(order: Order): readonly (readonly [string, ComponentChildren])[] {
  const words = orderWords().facts
  const { gateway, mchid, appid, transactionId, dismissed } = order
  const all: readonly (readonly [string, ComponentChildren])[] = [
    [words.amount, <Money key="amount" fen={order.amount} />],
    [
      words.user,
      <a key="user" href={accountPath(order.userId)}>
        <bdi>{order.userId}</bdi>
      </a>,
    ],
    [words.description, order.description && <bdi>{order.description}</bdi>],
    [words.attach, order.attach && <bdi>{order.attach}</bdi>],
    [order.adopted ? words.adopted : words.created, <Time key="created" at={order.createdAt} />],
    [
      words.expires,
      order.expiresAt === null ? words.endUnknown : <Time key="expires" at={order.expiresAt} />,
    ],
    [
      words.transaction,
      transactionId && (
        <>
          <span id="transaction-id" class="code">
            {transactionId}
          </span>{' '}
          <CopyButton of="transaction-id" />
        </>
      ),
    ],
    [words.paid, order.paidAt && <Time at={order.paidAt} />],
    [words.credited, order.creditedAt && <Time at={order.creditedAt} />],
    [words.dismissed, dismissed && <Time at={dismissed.at} />],
    [words.merchant, `${gateway} / ${mchid} / ${appid}`],
  ]
  return all.filter(([, value]) => value !== null && value !== false && value !== '')
}

function Ledger({ order, ledger }: { order: Order; ledger: OrderLedger }) {
  const words = orderWords().ledger
  const { transfers, entries } = ledger
  const isLost = order.status === 'paid' && (transfers.length === 0 || entries.length === 0)
  return (
    <section aria-labelledby="ledger">
      <h2 id="ledger">{words.title}</h2>
      {isLost && (
        <Notice tone="bad">
          {words.lost} <a href="/audit">→</a>
        </Notice>
      )}
      {transfers.map(({ transactionId, amount }) => (
        <p key={transactionId}>
          {words.transfer(transactionId)}: <Money fen={amount} />
        </p>
      ))}
      <Table
        {...{ caption: words.caption, head: words.head, empty: words.none }}
        rows={entries.map(({ id, account, amount, at }) => [
          <bdi key="account">{account}</bdi>,
          <Money key="amount" fen={amount} />,
          <Time key="at" at={at} />,
          id,
        ])}
      />
    </section>
  )
}

type RawProps = Pick<OrderPageProps, 'address' | 'page' | 'direction' | 'isFirst'> & {
  readonly order: Order
}

/** As the API and the command line return it, oldest event first. */
function Raw({ address, order, page, direction, isFirst }: RawProps) {
  const merchants = useMerchants()
  const words = orderWords().raw
  const events = direction === 'newest' ? page.items.toReversed() : page.items
  const raw = { ...presentOrder(order, { merchants }), events: events.map(presentOrderEvent) }
  const isWhole = isFirst && page.nextCursor === null
  const file = orderPath(address, '.json')
  return (
    <section aria-labelledby="raw">
      <h2 id="raw">{words.title}</h2>
      <details>
        <summary>{words.show}</summary>
        {!isWhole && <p>{words.part}</p>}
        <pre id="raw-json" class="raw">
          {JSON.stringify(raw, null, 2)}
        </pre>
      </details>
      <p class="actions">
        <CopyButton of="raw-json" /> <a href={file}>{words.open}</a>{' '}
        <a href={file} download={`${order.orderNo}.json`}>
          {words.download}
        </a>
      </p>
    </section>
  )
}
