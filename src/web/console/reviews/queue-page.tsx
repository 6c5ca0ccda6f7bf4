import type { Review } from '../../../domain/order.ts'
import { reasonText } from '../../../i18n/reasons.ts'
import { explanationOf } from '../../../orders/explanation.ts'
import type { Page as ListPage } from '../../../store/store.ts'
import { type Frame, Page } from '../layout.tsx'
import { Facts, Money, Notice, Pager, Time } from '../parts.tsx'
import { reviewPath } from '../paths.ts'
import { commonWords } from '../words.ts'
import { type ReviewWords, reviewWords } from './words.ts'

interface QueuePageProps {
  readonly frame: Frame
  readonly reviews: ListPage<Review>
  /** Dismissed orders, instead of the queue. */
  readonly dismissed: boolean
  readonly isFirst: boolean
}

export function QueuePage({ frame, reviews, dismissed, isFirst }: QueuePageProps) {
  const { locale } = frame.visitor
  const words = reviewWords(locale)
  const title = commonWords(locale).sections.reviews
  const path = dismissed ? '/reviews?show=dismissed' : '/reviews'
  return (
    <Page frame={frame} title={title} section="reviews">
      <h1>{title}</h1>
      <Tabs {...{ dismissed, words }} />
      <p>{dismissed ? words.aboutDismissed : words.about}</p>
      {reviews.items.length === 0 && (
        <Notice tone="good">{dismissed ? words.noneDismissed : words.noneWaiting}</Notice>
      )}
      {reviews.items.map((review) => (
        <Card key={review.order.orderNo} {...{ frame, review, words }} />
      ))}
      <Pager {...{ path, isFirst, locale }} nextCursor={reviews.nextCursor} />
    </Page>
  )
}

function Tabs({ dismissed, words }: { dismissed: boolean; words: ReviewWords }) {
  const current = (is: boolean) => (is ? { 'aria-current': 'true' as const } : {})
  return (
    <nav class="filters" aria-label={words.shown}>
      <a href="/reviews" {...current(!dismissed)}>
        {words.waiting}
      </a>
      <a href="/reviews?show=dismissed" {...current(dismissed)}>
        {words.dismissed}
      </a>
    </nav>
  )
}

interface ReviewProps {
  readonly frame: Frame
  readonly review: Review
  readonly words: ReviewWords
}

function Card({ frame, review, words }: ReviewProps) {
  const { orderNo, userId, amount } = review.order
  const path = reviewPath(orderNo)
  return (
    <article class="review">
      <header>
        <h2 id={`of-${orderNo}`}>
          <a href={path}>{orderNo}</a>
        </h2>
        <span>
          <Money fen={amount} /> · {words.facts.user} {userId}
        </span>
      </header>
      <Explained {...{ frame, review, words }} />
      <a href={path} aria-describedby={`of-${orderNo}`}>
        {words.open}
      </a>
    </article>
  )
}

/** Why the order is in review, and what can be done. */
export function Explained({ frame, review, words }: ReviewProps) {
  const { locale } = frame.visitor
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
