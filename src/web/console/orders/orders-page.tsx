import type { ComponentChildren } from 'preact'
import { useContext } from 'preact/hooks'
import { merchantName } from '../../../domain/merchant.ts'
import type { Order } from '../../../domain/order.ts'
import { orderStatuses } from '../../../domain/order-states.ts'
import { termsOf } from '../../../i18n/terms.ts'
import type { Page as PageOf } from '../../../store/store.ts'
import type { Faults } from '../frame/forms.ts'
import { Page } from '../frame/layout.tsx'
import {
  Filters,
  Money,
  Notice,
  Offered,
  Pager,
  SearchForm,
  StatusBadge,
  Table,
  Time,
} from '../frame/parts.tsx'
import { RenderingContext, useLocale, useMerchants } from '../frame/rendering.ts'
import { MerchantFilter } from '../merchants/merchant-filter.tsx'
import { accountPath, addressOf, orderPath, withQuery } from '../paths.ts'
import { commonWords } from '../words.ts'
import { isolated } from './isolated.ts'
import { isNothing, type Matches, numberIn, transactionIdPattern } from './search.ts'
import { type TracedNews, TracedNotice, TraceForm, tracePath } from './trace/trace-parts.tsx'
import { searchWords } from './words.ts'

/** The query as it was sent, valid or not. */
export interface OrderSearch {
  readonly q?: string
  readonly user_id?: string
  readonly status?: string
  readonly merchant?: string | undefined
  readonly cursor?: string
}

export interface OrdersPageProps {
  readonly search: OrderSearch
  readonly faults?: Faults
  /** Null: there was no search. */
  readonly matches?: Matches | null
  /** Null: there is nothing to list. */
  readonly list?: PageOf<Order> | null
  readonly traced?: TracedNews | null
}

export function OrdersPage({ search, faults = {}, ...found }: OrdersPageProps) {
  const words = searchWords()
  const { matches = null, list = null, traced = null } = found
  return (
    <Page title={words.title} section="orders">
      <h1>{words.title}</h1>
      {traced && <TracedNotice traced={traced} />}
      <SearchPart {...{ search, faults }} />
      {matches && isNothing(matches) && <NothingFound {...{ text: search.q ?? '' }} />}
      {matches && <MatchedOrders matches={matches} />}
      {list && <OrderList {...{ search, list }} />}
    </Page>
  )
}

function SearchPart({ search, faults }: { search: OrderSearch; faults: Faults }) {
  const words = searchWords()
  const { status } = termsOf(useLocale())
  return (
    <>
      <SearchForm
        {...{ action: '/orders', name: 'q', label: words.label, hint: words.hint }}
        button={words.search}
        value={search.q ?? search.user_id}
        fault={faults.q ?? faults.user_id}
      />
      <Filters
        label={words.byStatus}
        choices={[undefined, ...orderStatuses].map((each) => ({
          text: each === undefined ? words.all : status[each],
          href: listPath({ ...search, status: each }),
          isCurrent: each === search.status,
        }))}
      />
      <MerchantFilter
        action="/orders"
        chosen={search.merchant}
        kept={{
          q: search.q || undefined,
          user_id: search.user_id,
          status: search.status || undefined,
        }}
      />
      {faults.status !== undefined && <Notice tone="bad">{faults.status}</Notice>}
    </>
  )
}

function listPath({
  q,
  user_id,
  status,
  merchant,
}: { [Key in keyof OrderSearch]?: string | undefined }): string {
  return withQuery('/orders', { q: q || undefined, user_id, status: status || undefined, merchant })
}

/** Orders that match a number, where it may match something else as well. */
function MatchedOrders({ matches }: { matches: Matches }) {
  const words = searchWords()
  const { byNumber, byTransaction, hasOrders } = matches
  const found = [
    [byNumber.length > 1 ? words.areNumber : words.isNumber, byNumber],
    [words.isTransaction, byTransaction === null ? [] : [byTransaction]],
  ] as const
  const count = found.reduce((sum, [, orders]) => sum + orders.length, 0)
  if (count === 0) return null
  return (
    <>
      {(hasOrders || count > 1) && <Notice tone="warn">{words.several}</Notice>}
      {found.map(
        ([title, orders]) =>
          orders.length > 0 && (
            <section key={title}>
              <h2>{title}</h2>
              <OrderTable {...{ orders, empty: '' }} />
            </section>
          ),
      )}
    </>
  )
}

function OrderList({ search, list }: { search: OrderSearch; list: PageOf<Order> }) {
  const words = searchWords()
  const user = search.user_id ?? search.q ?? ''
  const isFirst = search.cursor === undefined
  // The number matched an order, and there is no user with that id.
  if (search.q && list.items.length === 0 && !search.status) return null
  return (
    <section>
      {user !== '' && (
        <h2>
          {words.ofUser(isolated(user))} <a href={accountPath(user)}>{words.account}</a>
        </h2>
      )}
      <OrderTable
        {...{ orders: list.items }}
        empty={search.status || search.merchant || user !== '' ? words.emptyStatus : words.empty}
      />
      <Pager {...{ path: listPath(search), nextCursor: list.nextCursor, isFirst }} />
    </section>
  )
}

function OrderTable({ orders, empty }: { orders: readonly Order[]; empty: string }) {
  const words = searchWords()
  const merchants = useMerchants()
  const isOfSeveral = merchants.length > 1
  const cells = (order: Order): readonly ComponentChildren[] => [
    <a key="no" href={orderPath(addressOf(merchants, { ...order, merchant: order }))}>
      <span class="code">{order.orderNo}</span>
    </a>,
    ...(isOfSeveral ? [merchantName(merchants, order)] : []),
    <StatusBadge key="status" status={order.status} />,
    <Money key="amount" fen={order.amount} />,
    <a key="user" href={accountPath(order.userId)}>
      <bdi>{order.userId}</bdi>
    </a>,
    <Time key="created" at={order.createdAt} />,
    <Time key="credited" at={order.creditedAt} />,
  ]
  const [first = '', ...others] = words.head
  const head = [first, ...(isOfSeveral ? [commonWords().merchant] : []), ...others]
  return <Table {...{ caption: words.caption, head, rows: orders.map(cells), empty }} />
}

function NothingFound({ text }: { text: string }) {
  const words = searchWords()
  const { canTrace } = useContext(RenderingContext).gateway
  const number = numberIn(text)
  return (
    <article class="nothing">
      <h2>{words.nothing(isolated(text))}</h2>
      <p>{words.tried}</p>
      <h3>{words.nextSteps}</h3>
      <ul>
        <li>{words.compare}</li>
        {canTrace && transactionIdPattern.test(number) && (
          <Offered action={tracePath}>
            <li>
              {words.trace.lead}
              <TraceForm {...{ transactionId: number }} />
            </li>
          </Offered>
        )}
        <li>{words.otherNumber}</li>
      </ul>
      <p>
        <a href="/orders">{words.allOrders}</a>
      </p>
    </article>
  )
}
