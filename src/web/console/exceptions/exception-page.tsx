import type { VNode } from 'preact'
import type { Exception } from '../../../domain/review/exception.ts'
import { termsOf } from '../../../i18n/terms.ts'
import type { Faults, Given } from '../frame/forms.ts'
import { Page } from '../frame/layout.tsx'
import { ActionForm, Offered } from '../frame/parts.tsx'
import { useLocale, useMerchants } from '../frame/rendering.ts'
import { exceptionPath } from '../paths.ts'
import { SignatureFields } from '../reviews/resolve-form.tsx'
import { ExceptionFacts, reviewPathOf } from './exceptions-page.tsx'
import { exceptionWords } from './words.ts'

export interface ExceptionPageProps {
  readonly exception: Exception
  readonly news: readonly VNode[]
  /** The earlier input, and its faults. */
  readonly given: Given
  readonly faults: Faults
}

export function ExceptionPage(props: ExceptionPageProps) {
  const { exception, news } = props
  const locale = useLocale()
  const words = exceptionWords(locale)
  const toReview = reviewPathOf(exception, useMerchants())
  const title = `${words.title(exception.id)}: ${termsOf(locale).exception[exception.kind]}`
  return (
    <Page title={title} section="exceptions">
      <p class="back">
        <a href="/exceptions?state=open">{words.back}</a>
      </p>
      <h1>{title}</h1>
      {news}
      <article class="review">
        <ExceptionFacts exception={exception} />
      </article>
      {toReview !== null && (
        <p>
          <a href={toReview}>{words.toReview}</a>
        </p>
      )}
      {toReview === null && exception.closing === null && <CloseForm {...props} />}
    </Page>
  )
}

function CloseForm({ exception, given, faults }: ExceptionPageProps) {
  const words = exceptionWords(useLocale())
  const path = exceptionPath(exception.id)
  return (
    <Offered action={path}>
      <h2>{words.closing}</h2>
      <article>
        <ActionForm action={path}>
          <input type="hidden" name="id" value={exception.id} />
          <SignatureFields {...{ given, faults }} hints={words} />
          <button type="submit">{words.close}</button>
        </ActionForm>
      </article>
    </Offered>
  )
}
