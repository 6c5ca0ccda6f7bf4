import { z } from 'zod'
import { reasonCodes } from '../../../domain/reason.ts'
import { count, documented, named, pageOf, time } from '../../schema.ts'
import { orderEventShape, orderShape, tradeState } from './shapes.ts'

const reviewFields = {
  ...orderShape.shape,
  since: documented(time, 'When it came into review, or back to it.'),
  reason: documented(z.string().nullable(), 'Why it is in review, as decided then.'),
  reason_code: orderEventShape.shape.reason_code,
  explanation: documented(z.string(), 'Why it is here and what can be done, in words.'),
  dismissed_by: z.string().nullable(),
}

const reviewShape = named('Review', reviewFields)

export const reviewPageShape = pageOf('ReviewPage', { reviews: z.array(reviewShape) })

const prospectShape = named('ReviewProspect', {
  possible: z.boolean(),
  effect: documented(z.string(), 'What it would do, or why not.'),
  effect_code: z.enum(reasonCodes),
})

export const previewShape = named('ReviewPreview', {
  ...reviewFields,
  trade_state: tradeState,
  evidence: documented(z.record(z.string(), z.unknown()), "The gateway's answer now, masked."),
  state_seq: count,
  seen: documented(z.string(), 'Send it with the resolution.'),
  actions: z.object({ credit: prospectShape, expire: prospectShape, dismiss: prospectShape }),
})

export const resolutionShape = named('ReviewResolution', {
  order: orderShape,
  event: orderEventShape,
})

const needsSecondShape = named('NeedsSecond', {
  state: z.literal('needs_second'),
  message: z.string(),
  order: orderShape,
})

/** To the first of two people. */
export const needsSecondAnswer = {
  202: [
    needsSecondShape,
    'With `reviews.four_eyes`: recorded, and nothing was done. It is carried out when a second person, with another token of their own, sends the same.',
  ],
} as const

export type ReviewJson = z.output<typeof reviewShape>
export type PreviewJson = z.output<typeof previewShape>
export type ResolutionJson = z.output<typeof resolutionShape>
