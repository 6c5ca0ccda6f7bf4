import { z } from 'zod'
import { readSeenMark } from '../../../domain/review/resolve.ts'
import { type ReviewAction, reviewActions } from '../../../domain/review/review-action.ts'
import type { GatewayLabel } from '../../../gateway/gateway.ts'
import type { Locale } from '../../../i18n/locale.ts'
import { reasonText } from '../../../i18n/reasons.ts'
import { termsOf } from '../../../i18n/terms.ts'
import type { ReviewPreview } from '../../../orders/review.ts'
import { wordsFault, wordsMax } from '../../../text/operator-text.ts'
import { ownNameIn } from '../../access/actor.ts'
import type { Faults, Given } from '../frame/forms.ts'
import { inPlace } from '../frame/in-place.ts'
import { ActionForm, Field, UnderWay } from '../frame/parts.tsx'
import { useFrame, useLocale } from '../frame/rendering.ts'
import { type OrderAddress, reviewPath } from '../paths.ts'
import { type ReviewWords, reviewWords } from './words.ts'

/** `ownName`: of a token that is one person's, who then needs to enter none; another one is refused. */
export function resolveForm(
  locale: Locale,
  { label, ownName }: { readonly label: GatewayLabel; readonly ownName: string | null },
) {
  const words = reviewWords(locale, label)
  return z.object({
    action: z.enum(reviewActions, { error: words.choose }),
    ...signature(ownName, words),
    // Nobody types this field: where it is missing, the page is shown again with it.
    seen: z.string().refine((seen) => readSeenMark(seen) !== null),
    token: z.string().optional(),
  })
}

/** Who is responsible for what a form does, and why. */
export function signature(ownName: string | null, words: ReviewWords) {
  return {
    name: ownName === null ? line(wordsMax.name, words) : only(ownName, words),
    reason: line(wordsMax.reason, words),
  }
}

/** A text of one line that a person enters. */
function line(max: number, words: ReviewWords) {
  return z
    .string({ error: words.empty })
    .trim()
    .check(({ value, issues }) => {
      if (wordsFault(value, max) === null) return
      issues.push({ code: 'custom', input: value, message: lineFault(value, { max, words }) })
    })
}

/** The name of the token's owner, which nobody has to enter. */
function only(name: string, words: ReviewWords) {
  return z
    .string()
    .optional()
    .refine((given) => given === undefined || given.trim() === name, { error: words.notYou(name) })
    .transform(() => name)
}

function lineFault(value: string, { max, words }: { max: number; words: ReviewWords }): string {
  if (value === '') return words.empty
  const { length } = [...value]
  return length > max ? words.tooLong(max, length) : words.unprintable
}

interface ResolveFormProps {
  readonly address: OrderAddress
  readonly preview: ReviewPreview
  readonly given: Given
  readonly faults: Faults
}

/** The second step: each action with its effect, according to the answer of the first step. */
export function ResolveForm(props: ResolveFormProps) {
  const { address, preview, faults } = props
  const words = reviewWords()
  const path = reviewPath(address)
  const isAnyPossible = reviewActions.some((action) => preview.actions[action].possible)
  return (
    <ActionForm action={path} class="busy" {...inPlace(path)}>
      <input type="hidden" name="step" value="resolve" />
      <AddressFields {...address} />
      <input type="hidden" name="seen" value={preview.seen} />
      <fieldset {...(faults.action !== undefined && { 'aria-describedby': 'action-note' })}>
        <legend>{words.action}</legend>
        {reviewActions.map((action) => (
          <Choice key={action} {...props} action={action} />
        ))}
        {faults.action !== undefined && (
          <small id="action-note" class="fault">
            {faults.action}
          </small>
        )}
      </fieldset>
      {isAnyPossible ? <Signature {...props} /> : <p>{words.nonePossible}</p>}
    </ActionForm>
  )
}

/** What is typed is kept for this order alone, when the login has ended meanwhile. */
export function AddressFields({ orderNo, merchant }: OrderAddress) {
  return (
    <>
      <input type="hidden" name="order_no" value={orderNo} />
      {merchant !== null && <input type="hidden" name="merchant" value={merchant} />}
    </>
  )
}

function Signature({ preview, given, faults }: ResolveFormProps) {
  const words = reviewWords()
  const { visitor } = useFrame()
  return (
    <>
      <SignatureFields {...{ given, faults }} hints={words} />
      {visitor.isBySession && preview.actions.credit.possible && (
        <Field
          name="token"
          type="password"
          label={words.token}
          hint={words.tokenHint}
          fault={faults.token}
          autoComplete="off"
        />
      )}
      <p id="carry-out-note" class="muted">
        {words.carryOutWhy}
      </p>
      <button type="submit" aria-describedby="carry-out-note">
        {words.carryOut}
      </button>{' '}
      <UnderWay>{words.carryingOut}</UnderWay>
    </>
  )
}

interface SignatureProps {
  readonly given: Given
  readonly faults: Faults
  readonly hints: Pick<ReviewWords, 'nameHint' | 'reasonHint'>
}

/** The fields of a `signature`. */
export function SignatureFields({ given, faults, hints }: SignatureProps) {
  const words = reviewWords()
  const ownName = ownNameIn(useFrame().caller)
  const field = (name: keyof typeof wordsMax) => ({
    ...{ name, label: words[name], hint: hints[`${name}Hint`] },
    ...{ value: given[name], fault: faults[name], required: true, maxLength: wordsMax[name] * 2 },
  })
  return (
    <>
      {ownName === null ? (
        <Field {...field('name')} autoComplete="name" />
      ) : (
        <OwnName name={ownName} fault={faults.name} />
      )}
      <Field {...field('reason')} autoComplete="off" />
    </>
  )
}

/** Who is recorded, where that need not be entered. */
function OwnName({ name, fault }: { name: string; fault: string | undefined }) {
  const words = reviewWords()
  return (
    <p>
      {words.name}:{' '}
      <strong>
        <bdi>{name}</bdi>
      </strong>{' '}
      <small class="muted">{words.nameHint}</small>
      {fault !== undefined && <small class="fault">{fault}</small>}
    </p>
  )
}

/** An action that is not possible is shown with the cause. */
function Choice({ preview, given, action }: ResolveFormProps & { action: ReviewAction }) {
  const locale = useLocale()
  const { possible, codedEffect } = preview.actions[action]
  return (
    <label class={possible ? 'choice-line' : 'choice-line impossible'}>
      <input
        type="radio"
        name="action"
        value={action}
        required
        disabled={!possible}
        checked={possible && given.action === action}
      />
      <strong>{termsOf(locale).action[action]}</strong>
      <span>{reasonText(codedEffect, locale)}</span>
    </label>
  )
}
