import type { VNode } from 'preact'
import type { Exception } from '../../../domain/exception.ts'
import { termsOf } from '../../../i18n/terms.ts'
import { wordsMax } from '../../../text/operator-text.ts'
import { ownNameIn } from '../../access/actor.ts'
import type { Faults, Given } from '../forms.ts'
import { Page } from '../layout.tsx'
import { ActionForm, Field, Offered } from '../parts.tsx'
import { exceptionPath } from '../paths.ts'
import { useFrame, useLocale, useMerchants } from '../rendering.ts'
import { OwnName } from '../reviews/resolve-form.tsx'
import { reviewWords } from '../reviews/words.ts'
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
  const { name, reason } = reviewWords()
  const ownName = ownNameIn(useFrame().caller)
  const path = exceptionPath(exception.id)
  const field = (key: 'name' | 'reason', label: string, hint: string) => ({
    ...{ name: key, label, hint, value: given[key], fault: faults[key] },
    ...{ required: true, maxLength: wordsMax[key] * 2 },
  })
  return (
    <Offered action={path}>
      <h2>{words.closing}</h2>
      <article>
        <ActionForm action={path}>
          <input type="hidden" name="id" value={exception.id} />
          {ownName === null ? (
            <Field {...field('name', name, words.nameHint)} autoComplete="name" />
          ) : (
            <OwnName name={ownName} fault={faults.name} />
          )}
          <Field {...field('reason', reason, words.reasonHint)} autoComplete="off" />
          <button type="submit">{words.close}</button>
        </ActionForm>
      </article>
    </Offered>
  )
}
