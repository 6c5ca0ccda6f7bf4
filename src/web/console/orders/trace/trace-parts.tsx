import { z } from 'zod'
import type { Order } from '../../../../domain/order.ts'
import type { Flash } from '../../frame/flash.ts'
import { ActionForm, Notice } from '../../frame/parts.tsx'
import { useMerchants } from '../../frame/rendering.ts'
import { orderWords, searchWords } from '../words.ts'

/** The gateway's answer for a payment, for the page after the query. */
const news = z.discriminatedUnion('what', [
  z.object({ what: z.literal('ours'), transactionId: z.string(), tradeState: z.string() }),
  z.object({ what: z.literal('not_ours'), orderNo: z.string() }),
  z.object({ what: z.literal('absent') }),
  // In the language of the operator.
  z.object({ what: z.literal('unanswered'), reason: z.string() }),
])

export type TracedNews = z.output<typeof news>

export const tracedKind = 'traced'

export function readTraced(flash: Flash | null): TracedNews | null {
  return flash?.kind === tracedKind ? (news.safeParse(flash).data ?? null) : null
}

interface TracedProps {
  readonly traced: TracedNews
  /** The order of the payment, where budan has it. */
  readonly order?: Order
}

export function TracedNotice({ traced, order }: TracedProps) {
  const words = searchWords().trace
  const merchants = useMerchants()
  switch (traced.what) {
    case 'ours': {
      const { transactionId, tradeState } = traced
      const { found, next, another } = orderWords().traced
      const isAnother = order?.status === 'paid' && order.transactionId !== transactionId
      return (
        <Notice tone={isAnother ? 'warn' : 'plain'}>
          {found(transactionId, tradeState)}{' '}
          {isAnother ? another : next[order?.status ?? 'pending']}
        </Notice>
      )
    }
    case 'not_ours':
      return <Notice tone="warn">{words.notOurs(traced.orderNo)}</Notice>
    case 'absent':
      return (
        <Notice tone="warn">{words.absent(merchants.map(({ mchid }) => mchid).join(', '))}</Notice>
      )
    case 'unanswered':
      return <Notice tone="bad">{words.unanswered(traced.reason)}</Notice>
  }
}

export const tracePath = '/orders/trace'

/** A query uses the merchant's quota, so it is a form: following a link sends none. */
export function TraceForm({ transactionId }: { transactionId: string }) {
  const words = searchWords().trace
  return (
    <ActionForm action={tracePath} class="busy">
      <input type="hidden" name="transaction_id" value={transactionId} />
      <button type="submit">{words.query}</button>
    </ActionForm>
  )
}
