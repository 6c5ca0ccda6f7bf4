import type { Review } from '../../../domain/order.ts'
import { reasonText } from '../../../i18n/reasons.ts'
import { explanationOf } from '../../../orders/explanation.ts'
import type { Page as ListPage } from '../../../store/store.ts'
import { Page } from '../frame/layout.tsx'
import { Facts, Filters, Money, Notice, Pager, Time } from '../frame/parts.tsx'
import { useLocale, useMerchants } from '../frame/rendering.ts'
import { MerchantFilter } from '../merchants/merchant-filter.tsx'
import { addressOf, reviewPath, withQuery } from '../paths.ts'
import { commonWords } from '../words.ts'
import { reviewWords } from './words.ts'

interface QueuePageProps {
  readonly reviews: ListPage<Review>
  /** Dismissed orders, instead of the queue. */
  readonly dismissed: boolean
  /** The merchant whose orders are shown; undefined: all. */
  readonly chosen: string | undefined
  readonly isFirst: boolean
}

export function QueuePage({ reviews, dismissed, chosen, isFirst }: QueuePageProps) {
  const words = reviewWords()
  const title = commonWords().sections.reviews
  const pathOf = (show: 'dismissed' | undefined) =>
    withQuery('/reviews', { show, merchant: chosen })
  const show = dismissed ? 'dismissed' : undefined
  return (
    <Page title={title} section="reviews">
      <h1>{title}</h1>
      <Filters
        label={words.shown}
        choices={[
          { text: words.waiting, href: pathOf(undefined), isCurrent: !dismissed },
          { text: words.dismissed, href: pathOf('dismissed'), isCurrent: dismissed },
        ]}
      />
      <MerchantFilter {...{ action: '/reviews', chosen, kept: { show } }} />
      <p>{dismissed ? words.aboutDismissed : words.about}</p>
      {reviews.items.length === 0 && (
        <Notice tone="good">{dismissed ? words.noneDismissed : words.noneWaiting}</Notice>
      )}
      {reviews.items.map((review) => (
        <Card key={review.order.key} review={review} />
      ))}
      <Pager {...{ path: pathOf(show), isFirst }} nextCursor={reviews.nextCursor} />
    </Page>
  )
}

function Card({ review }: { review: Review }) {
  const words = reviewWords()
  const { orderNo, userId, amount } = review.order
  const address = addressOf(useMerchants(), { orderNo, merchant: review.order })
  const path = reviewPath(address)
  const titleId = ['of', orderNo, address.merchant].filter(Boolean).join('-')
  return (
    <article class="review">
      <header>
        <h2 id={titleId}>
          <a href={path}>{orderNo}</a>
        </h2>
        <span>
          <Money fen={amount} /> · {words.facts.user} {userId}
          {address.merchant !== null && ` · ${commonWords().merchant} ${address.merchant}`}
        </span>
      </header>
      <Explained review={review} />
      <a href={path} aria-describedby={titleId}>
        {words.open}
      </a>
    </article>
  )
}

export function Explained({ review }: { review: Review }) {
  const words = reviewWords()
  const locale = useLocale()
  const { since, reason, transactionId, advice, dismissal } = explanationOf(review)
  const why = (
    <>
      {typeof reason === 'string' ? reason : reason ? reasonText(reason, locale) : words.noReason}
      {transactionId !== null && (
        <>
          <br />
          {words.transaction} <span class="code">{transactionId}</span>
        </>
      )}
    </>
  )
  return (
    <Facts
      pairs={[
        [words.since, <Time key="since" at={since} />],
        [words.why, why],
        ...(dismissal === null
          ? [[words.what, words.advice[advice]] as const]
          : ([
              [words.dismissedBy, dismissal.by ?? words.nobody],
              [words.dismissedAt, <Time key="dismissed" at={dismissal.at} />],
              [words.dismissedWhy, dismissal.reason ?? words.noneGiven],
            ] as const)),
      ]}
    />
  )
}
