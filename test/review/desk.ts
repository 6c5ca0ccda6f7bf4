import { expect } from 'vitest'
import type { ReviewAction } from '../../src/domain/review/review-action.ts'
import type { Resolution, ReviewPreview } from '../../src/orders/review.ts'
import type { World } from '../support/world.ts'

export const words = { name: 'Li', reason: 'the payer sent the bill' }

const counter = { last: 0 }

/** One order in review, and what an operator, its payer and the gateway do with it. */
export interface Desk {
  readonly orderNo: string
  preview(): Promise<ReviewPreview>
  /** Previews first, unless `seen` is given. */
  resolve(action: ReviewAction, by?: { seen?: string; name?: string }): Promise<Resolution>
  pay(): void
  /** What the gateway says from now on, whatever is true. */
  answerAs(patch: Record<string, string | object>): void
  order(): ReturnType<World['order']>
  timeline(): ReturnType<World['timeline']>
  balance(): Promise<bigint>
}

/** In review for one answer that said REFUND; the trade itself is NOTPAY. Its user is named as it is. */
export async function openDesk(world: World): Promise<Desk> {
  counter.last += 1
  // Of one length, so that they are listed as they were made even where they have one time.
  const orderNo = `ORDER-${String(counter.last).padStart(5, '0')}`
  await world.adopt(orderNo, { userId: orderNo })
  world.control.addFault({
    operation: 'query',
    out_trade_no: orderNo,
    fault: { kind: 'answer', merge: { trade_state: 'REFUND' } },
    times: 1,
  })
  await world.budan.checkOrder(orderNo)
  expect(await world.order(orderNo)).toMatchObject({ status: 'review' })
  return deskOf(world, orderNo)
}

export function deskOf(world: World, orderNo: string): Desk {
  const preview = async () => {
    const made = await world.budan.previewReview(orderNo)
    if (made?.kind !== 'previewed') throw new Error(`No preview: ${made?.message}`)
    return made.preview
  }
  return {
    orderNo,
    preview,
    resolve: async (action, { seen, name = words.name } = {}) => {
      const since = seen ?? (await preview()).seen
      const request = { action, ...words, name, seen: since }
      const made = await world.budan.resolveReview(orderNo, request)
      if (made === null) throw new Error('The order is not ours')
      return made
    },
    pay: () => void world.control.pay(orderNo, { callback: false }),
    answerAs: (patch) => void world.control.answerAs(orderNo, patch as never),
    order: () => world.order(orderNo),
    timeline: () => world.timeline(orderNo),
    balance: () => world.balance(orderNo),
  }
}

export const allZero = (counts: object) => Object.values(counts).every((count) => count === 0)
