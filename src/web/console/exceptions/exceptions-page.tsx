import { formatAmount } from '../../../domain/money.ts'
import {
  type Exception,
  type ExceptionKind,
  exceptionKinds,
} from '../../../domain/review/exception.ts'
import { reasonText } from '../../../i18n/reasons.ts'
import { termsOf } from '../../../i18n/terms.ts'
import type { Page as ListPage } from '../../../store/store.ts'
import { Page } from '../frame/layout.tsx'
import { Facts, Filters, Money, Notice, Pager, SelectFilter, Time } from '../frame/parts.tsx'
import { useFrame, useLocale, useMerchants } from '../frame/rendering.ts'
import { MerchantFilter } from '../merchants/merchant-filter.tsx'
import { countText } from '../overview/words.ts'
import { addressOf, exceptionPath, orderPath, reviewPath, withQuery } from '../paths.ts'
import { commonWords } from '../words.ts'
import { exceptionWords } from './words.ts'

/** What the list is limited to; undefined: not limited. */
export interface Shown {
  readonly state: 'open' | 'closed' | 'all'
  readonly kind: ExceptionKind | undefined
  readonly merchant: string | undefined
}

interface ExceptionsPageProps {
  readonly exceptions: ListPage<Exception>
  readonly shown: Shown
  readonly isFirst: boolean
}

export function ExceptionsPage({ exceptions, shown, isFirst }: ExceptionsPageProps) {
  const words = exceptionWords(useLocale())
  const title = commonWords().sections.exceptions
  const { state, kind, merchant } = shown
  const pathOf = (changes: Partial<Shown>) =>
    withQuery('/exceptions', { state, kind, merchant, ...changes })
  return (
    <Page title={title} section="exceptions">
      <h1>{title}</h1>
      <Total />
      <Filters
        label={words.shown}
        choices={(['open', 'closed', 'all'] as const).map((each) => ({
          text: each === 'all' ? words.all : words.states[each],
          href: pathOf({ state: each }),
          isCurrent: each === state,
        }))}
      />
      <KindFilter {...shown} />
      <MerchantFilter action="/exceptions" chosen={merchant} kept={{ state, kind }} />
      <p>{words.about}</p>
      {exceptions.items.length === 0 && <Notice tone="good">{words.none}</Notice>}
      {exceptions.items.map((exception) => (
        <Card key={exception.id} exception={exception} />
      ))}
      <Pager path={pathOf({})} {...{ isFirst }} nextCursor={exceptions.nextCursor} />
    </Page>
  )
}

function Total() {
  const words = exceptionWords(useLocale())
  const { openExceptions } = useFrame()
  if (openExceptions === null) return null
  const { count, amount } = openExceptions
  return <p>{words.total({ count: countText(count), sum: formatAmount(amount, 'CNY') })}</p>
}

function KindFilter({ state, kind, merchant }: Shown) {
  const locale = useLocale()
  const words = exceptionWords(locale)
  const { exception: names } = termsOf(locale)
  return (
    <SelectFilter
      {...{ action: '/exceptions', name: 'kind', label: words.kind, words, chosen: kind }}
      options={exceptionKinds.map((each) => [each, names[each]])}
      kept={{ state, merchant }}
    />
  )
}

function Card({ exception }: { exception: Exception }) {
  const locale = useLocale()
  const words = exceptionWords(locale)
  const { id, kind, amountAtStake, currency } = exception
  const titleId = `exception-${id}`
  return (
    <article class="review">
      <header>
        <h2 id={titleId}>
          <a href={exceptionPath(id)}>{termsOf(locale).exception[kind]}</a>
        </h2>
        <span>
          <Money fen={amountAtStake} currency={currency} />
        </span>
      </header>
      <ExceptionFacts exception={exception} />
      <a href={exceptionPath(id)} aria-describedby={titleId}>
        {words.see}
      </a>
    </article>
  )
}

export function ExceptionFacts({ exception }: { exception: Exception }) {
  const locale = useLocale()
  const words = exceptionWords(locale)
  const { kind, amountAtStake, currency, transactionId, refundId, closing } = exception
  const { codedReason, reason } = exception
  return (
    <Facts
      pairs={[
        [words.order, <OrderLink key="order" exception={exception} />],
        [words.atStake, <Money key="sum" fen={amountAtStake} currency={currency} />],
        [words.opened, <Time key="opened" at={exception.openedAt} />],
        [words.why, codedReason === null ? reason : reasonText(codedReason, locale)],
        ...(transactionId === null ? [] : [[words.transaction, code(transactionId)] as const]),
        ...(refundId === null ? [] : [[words.refund, code(refundId)] as const]),
        ...(closing === null
          ? [[words.what, words.todo[kind]] as const]
          : ([
              [words.closedBy, closing.codedReason === null ? closing.by : words.itself],
              [words.closedAt, <Time key="closed" at={closing.at} />],
              [
                words.closedWhy,
                closing.codedReason === null
                  ? closing.reason
                  : reasonText(closing.codedReason, locale),
              ],
            ] as const)),
      ]}
    />
  )
}

function code(text: string) {
  return <span class="code">{text}</span>
}

function OrderLink({ exception }: { exception: Exception }) {
  const merchants = useMerchants()
  const words = exceptionWords(useLocale())
  const address = addressOf(merchants, { orderNo: exception.orderNo, merchant: exception })
  const isHere = exception.kind !== 'unknown_payment' || exception.closing !== null
  const name = address.merchant === null ? '' : ` · ${commonWords().merchant} ${address.merchant}`
  if (!isHere) return <>{`${exception.orderNo} (${words.noOrder})${name}`}</>
  return (
    <>
      <a href={orderPath(address)}>{exception.orderNo}</a>
      {name}
    </>
  )
}

/** Where the review is; null: it is about none. */
export function reviewPathOf(
  exception: Exception,
  merchants: ReturnType<typeof useMerchants>,
): string | null {
  if (exception.kind !== 'review' || exception.closing !== null) return null
  return reviewPath(addressOf(merchants, { orderNo: exception.orderNo, merchant: exception }))
}
