import { z } from 'zod'
import { reasonCodes } from '../../../domain/reason.ts'
import { exceptionKinds, exceptionStates } from '../../../domain/review/exception.ts'
import {
  count,
  documented,
  fen,
  jsonBody,
  named,
  nextCursor,
  operatorText,
  sum,
  time,
} from '../../schema.ts'
import { merchantOfRecord } from '../shapes/shapes.ts'

export const exceptionKind = documented(
  z.enum(exceptionKinds, { error: `must be one of ${exceptionKinds.join(', ')}` }),
  '`review`: an order waits for an operator. `duplicate_payment`: a paid order was paid once more. `refunded_after_credit`: a credited order was refunded, in whole or nobody knows how much; `partly_refunded`: in part. `unknown_payment`: a payment under a number that no order has. The others are for the comparison with bills, and with tables of your own.',
)

export const exceptionState = z.enum(exceptionStates, {
  error: `must be one of ${exceptionStates.join(', ')}`,
})

const reasonCode = z.enum(reasonCodes)

export const exceptionShape = named('Exception', {
  id: z.string(),
  kind: exceptionKind,
  state: exceptionState,
  merchant: merchantOfRecord,
  gateway: z.string(),
  mchid: z.string(),
  order_no: z.string(),
  transaction_id: documented(
    z.string().nullable(),
    "The gateway's number of the payment; null: not known.",
  ),
  refund_id: documented(
    z.string().nullable(),
    "The gateway's number of the refund; null: it is about none, or its number is not known.",
  ),
  amount_at_stake: fen,
  currency: z.string(),
  opened_at: time,
  reason: documented(z.string(), 'In English.'),
  reason_code: documented(
    reasonCode.nullable(),
    'What the reason says, as a code; null where a version has none for it.',
  ),
  closed_at: documented(time.nullable(), 'Null while it is open.'),
  closed_by: documented(
    z.string().nullable(),
    'The name of a person or program; `budan` where it healed.',
  ),
  closed_reason: documented(z.string().nullable(), 'In the words of who closed it.'),
})

export const exceptionPageShape = named('ExceptionPage', {
  exceptions: z.array(exceptionShape),
  next_cursor: nextCursor,
  open: documented(
    z.object({
      count,
      amount_at_stake: documented(
        sum,
        'In fen, of those in CNY. All that are open, whatever the page is limited to.',
      ),
    }),
    'Of all that are open.',
  ),
})

export const closeRequest = jsonBody({
  reason: operatorText('reason', 'What was done about it, for later readers.'),
  name: operatorText(
    'name',
    'Who is responsible: the name of the token, and may be left out; with `server.api_token`, or without a token, another name may be given.',
  ).optional(),
})
