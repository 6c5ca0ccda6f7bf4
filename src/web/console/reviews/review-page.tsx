import type { VNode } from 'preact'
import type { Order, Review } from '../../../domain/order.ts'
import { termsOf } from '../../../i18n/terms.ts'
import type { ReviewPreview } from '../../../orders/review.ts'
import type { Faults, Given } from '../frame/forms.ts'
import { inPlace } from '../frame/in-place.ts'
import { Page } from '../frame/layout.tsx'
import {
  ActionForm,
  EvidenceDetails,
  Facts,
  Money,
  Offered,
  Time,
  UnderWay,
} from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import { type OrderAddress, orderPath, ordersOfUserPath, reviewPath } from '../paths.ts'
import { commonWords } from '../words.ts'
import { Comparison } from './comparison.tsx'
import { RequestNotice } from './news.tsx'
import { Explained } from './queue-page.tsx'
import { AddressFields, ResolveForm } from './resolve-form.tsx'
import { reviewWords } from './words.ts'

export interface ReviewPageProps {
  readonly address: OrderAddress
  readonly review: Review
  readonly news: readonly VNode[]
  /** Null: the gateway was not queried for this page. */
  readonly preview: ReviewPreview | null
  /** The earlier input, and its faults. */
  readonly given: Given
  readonly faults: Faults
}

export function ReviewPage(props: ReviewPageProps) {
  const { review, news } = props
  const words = reviewWords()
  const { order } = review
  const title = words.title(order.orderNo)
  return (
    <Page title={title} section="reviews">
      <p class="back">
        <a href="/reviews">{words.back}</a>
      </p>
      <h1>{title}</h1>
      {news}
      {review.seen.kind === 'second_needed' && order.status === 'review' && (
        <RequestNotice event={review.seen} />
      )}
      {order.status === 'review' ? <Steps {...props} /> : <Over {...props} />}
    </Page>
  )
}

function Steps(props: ReviewPageProps) {
  const { address, review, preview } = props
  const words = reviewWords()
  const { order, entered } = review
  return (
    <>
      <article class="review">
        <Explained review={review} />
        <hr />
        <OrderFacts {...{ address, order }} />
        {preview === null && entered !== null && entered.evidence !== null && (
          <EvidenceDetails summary={words.evidenceThen} evidence={entered.evidence} />
        )}
      </article>
      <Offered action={reviewPath(address)}>
        <h2>{words.firstStep}</h2>
        {preview !== null && <Comparison order={order} answer={preview.answer} />}
        <QueryForm {...props} />
        {preview !== null && (
          <>
            <h2>{words.secondStep}</h2>
            <article>
              <ResolveForm {...props} preview={preview} />
            </article>
          </>
        )}
      </Offered>
    </>
  )
}

function OrderFacts({ address, order }: { address: OrderAddress; order: Order }) {
  const { facts } = reviewWords()
  return (
    <Facts
      pairs={[
        [
          facts.orderNo,
          <a key="order" href={orderPath(address)}>
            {order.orderNo}
          </a>,
        ],
        ...(address.merchant === null ? [] : [[commonWords().merchant, address.merchant] as const]),
        [
          facts.user,
          <a key="user" href={ordersOfUserPath(order.userId)}>
            {order.userId}
          </a>,
        ],
        [facts.amount, <Money key="amount" fen={order.amount} />],
        ...(order.description === '' ? [] : [[facts.description, order.description] as const]),
        [facts.created, <Time key="created" at={order.createdAt} />],
      ]}
    />
  )
}

/** The first step. Input of the second step is sent with it, and returns with the answer. */
function QueryForm({ address, preview, given }: ReviewPageProps) {
  const words = reviewWords()
  const path = reviewPath(address)
  // Not the action: it was chosen by the gateway's earlier answer.
  const kept = ['name', 'reason'].filter((name) => (given[name] ?? '') !== '')
  const isFirst = preview === null
  return (
    <ActionForm action={path} class="busy" {...inPlace(path)}>
      <input type="hidden" name="step" value="preview" />
      <AddressFields {...address} />
      {isFirst &&
        kept.map((name) => <input key={name} type="hidden" name={name} value={given[name]} />)}
      {isFirst && <p>{words.queryIs}</p>}
      {isFirst && kept.includes('reason') && (
        <p class="muted">
          {words.kept}: {[given.name, given.reason].filter(Boolean).join(' · ')}
        </p>
      )}
      <button type="submit" {...(!isFirst && { class: 'outline small' })}>
        {isFirst ? words.query : words.queryAgain}
      </button>{' '}
      <UnderWay>{words.querying}</UnderWay>
    </ActionForm>
  )
}

/** An order that is not in review any more, or never was. */
function Over({ address, review }: ReviewPageProps) {
  const words = reviewWords()
  const { order } = review
  return (
    <>
      <article>
        <p>{words.notInReview(termsOf(useLocale()).status[order.status])}</p>
        <Resolved review={review} />
        <OrderFacts {...{ address, order }} />
      </article>
      <p>
        <a href={orderPath(address)}>{words.toOrder}</a> <a href="/reviews">{words.toQueue}</a>
      </p>
    </>
  )
}

/** The operator who resolved it, if there was one. */
function Resolved({ review: { order, resolved } }: { review: Review }) {
  const words = reviewWords()
  if (resolved === null || resolved.stateSeq !== order.stateSeq) return null
  return (
    <Facts
      pairs={[
        [words.resolvedBy, resolved.operator ?? words.nobody],
        [words.resolvedAt, <Time key="at" at={resolved.at} />],
        [words.reason, resolved.reason ?? words.noneGiven],
      ]}
    />
  )
}
