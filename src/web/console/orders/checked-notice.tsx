import { z } from 'zod'
import { decisionKinds, orderStatuses } from '../../../domain/order-states.ts'
import { termsOf } from '../../../i18n/terms.ts'
import type { Flash } from '../frame/flash.ts'
import { Facts, Notice, StatusBadge, type Tone } from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import type { OrderAddress } from '../paths.ts'
import { orderWords } from './words.ts'

/** The result of a check, for the page after it. */
const news = z.object({
  orderNo: z.string(),
  merchant: z.string().nullable(),
  tradeState: z.string().nullable(),
  decision: z.enum(decisionKinds),
  /** In the language of the operator. */
  reason: z.string(),
  isAbsent: z.boolean(),
  status: z.enum(orderStatuses),
})

export type CheckedNews = z.output<typeof news>

export const checkedKind = 'checked'

/** Null: there is none, or it belongs to another order. */
export function readChecked(
  flash: Flash | null,
  { orderNo, merchant }: OrderAddress,
): CheckedNews | null {
  const read = flash?.kind === checkedKind ? news.safeParse(flash).data : undefined
  return read?.orderNo === orderNo && read.merchant === merchant ? read : null
}

const tones: Readonly<Record<CheckedNews['decision'], Tone>> = {
  pay: 'good',
  wait: 'plain',
  close: 'plain',
  expire: 'plain',
  keep: 'plain',
  review: 'warn',
}

export function CheckedNotice({ checked }: { checked: CheckedNews }) {
  const words = orderWords().checked
  const { tradeState, decision, reason, status, isAbsent } = checked
  const isSilent = tradeState === null && !isAbsent
  const said = isAbsent ? words.absent : words.nothing
  return (
    <Notice tone={tradeState === null ? 'warn' : tones[decision]}>
      <strong>{words.title}</strong>
      <Facts
        pairs={[
          [words.said, tradeState === null ? said : <span class="code">{tradeState}</span>],
          [words.decision, termsOf(useLocale()).decision[decision]],
          [words.reason, <bdi key="reason">{reason}</bdi>],
          [words.status, <StatusBadge key="status" status={status} />],
        ]}
      />
      {isAbsent && <p>{words.absentIs}</p>}
      {isSilent && (
        <p>
          {words.unanswered} {status === 'pending' && words.jobContinues}{' '}
          <a href="/">{words.toOverview}</a>
        </p>
      )}
    </Notice>
  )
}
