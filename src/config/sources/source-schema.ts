import { z } from 'zod'
import { sourceAddressFault } from '../../servers/addresses.ts'
import { zoneFault } from '../../text/zoned-time.ts'
import { merchantNameFault } from '../merchants/merchant-schema.ts'
import { integerWithin, itemName, numberWithin, oneOf, shown, textThat } from '../values.ts'

/** One of `sources:`, its preset filled in, its values as text. */
export const sourceSchema = z.strictObject({
  name: itemName('a source'),
  merchant: textThat(merchantNameFault).optional(),
  url: textThat(sourceAddressFault).optional(),
  table: textThat(tableFault),
  columns: z.strictObject({
    order_no: column(),
    user_id: column(),
    amount: z
      .strictObject({
        column: column().optional(),
        sum: columns().optional(),
        unit: oneOf(['yuan', 'fen']),
      })
      .superRefine(oneOfTheTwo),
    created_at: z
      .strictObject({ column: column(), zone: zone(), unix: unix() })
      .superRefine(noZone),
    expires_at: z
      .strictObject({
        column: column().optional(),
        // WeChat Pay keeps no trade open for longer than 15 days.
        minutes: numberWithin({ min: 1, max: 15 * 24 * 60 }).optional(),
        zone: zone(),
        unix: unix(),
      })
      .superRefine(columnOrMinutes)
      .optional(),
    transaction_id: column().optional(),
    paid_at: column().optional(),
  }),
  status: z
    .strictObject({
      column: column(),
      pending: statuses().min(1, { error: 'is an empty list: give at least one status' }),
      revive: statuses().prefault([]),
      paid: textThat(statusFault).optional(),
      done: statuses().prefault([]),
      expired: textThat(statusFault).optional(),
    })
    .superRefine(oneMeaning),
  only: z
    .record(textThat(nameOfColumnFault), z.string({ error: 'must be a single value' }), {
      error: ({ code, input }) =>
        code === 'invalid_key'
          ? `${shown(String(input))} is no name of a column`
          : 'must hold columns and values, like "payment_method: wechat"',
    })
    .prefault({}),
  // Minimum: a callback is late by minutes, a person by a day. Maximum: a year, so that an extra zero
  // is found. The default: the gateway keeps a trade open for 15 days.
  days: integerWithin({ min: 1, max: 366 }).prefault('16'),
  credit: z.unknown().transform(reportOnly).prefault('report'),
})

export type ParsedSource = z.output<typeof sourceSchema>

function column() {
  return textThat(nameOfColumnFault)
}

function columns() {
  return z
    .array(column(), { error: 'must be a list of columns, like [amount, fee]' })
    .min(1, { error: 'is an empty list: give at least one column' })
    .max(5, { error: 'is a list of more than 5 columns' })
}

function statuses() {
  return z
    .array(textThat(statusFault), { error: 'must be a list of statuses, like [pending]' })
    .max(50, { error: 'is a list of more than 50 statuses' })
}

function zone() {
  return textThat(zoneFault).optional()
}

function unix() {
  return oneOf(['s', 'ms']).optional()
}

/** Names are quoted in SQL, so any character will do but those that nobody could see. */
function nameOfColumnFault(value: string): string | null {
  return value.length > 64 || /\p{Cc}/u.test(value)
    ? `${shown(value)} is no name of a column`
    : null
}

function tableFault(value: string): string | null {
  const parts = value.split('.')
  const isOne = parts.length < 3 && parts.every((part) => part !== '' && part.length <= 64)
  return isOne && !/\p{Cc}/u.test(value)
    ? null
    : `${shown(value)} is no name of a table: TABLE, or SCHEMA.TABLE`
}

function statusFault(value: string): string | null {
  return value.length > 100 ? `${shown(value)} is longer than 100 characters` : null
}

function fault(context: z.RefinementCtx, path: string, message: string): void {
  context.addIssue({ code: 'custom', path: [path], message })
}

function oneOfTheTwo(
  amount: { readonly column?: string | undefined; readonly sum?: readonly string[] | undefined },
  context: z.RefinementCtx,
): void {
  if (amount.column === undefined && amount.sum === undefined) {
    fault(context, 'column', 'not set: give the column of the amount, or several as sum')
  }
  if (amount.column !== undefined && amount.sum !== undefined) {
    fault(context, 'sum', 'given together with column: give one of them')
  }
}

function noZone(
  time: { readonly zone?: string | undefined; readonly unix?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (time.unix !== undefined && time.zone !== undefined) {
    fault(context, 'zone', 'given together with unix, which has no zone: take one of them away')
  }
}

function columnOrMinutes(
  time: {
    readonly column?: string | undefined
    readonly minutes?: number | undefined
    readonly zone?: string | undefined
    readonly unix?: string | undefined
  },
  context: z.RefinementCtx,
): void {
  if (time.column === undefined && time.minutes === undefined) {
    fault(context, 'column', 'not set: give the column, or minutes after created_at')
  }
  if (time.column !== undefined && time.minutes !== undefined) {
    fault(context, 'minutes', 'given together with column: give one of them')
  }
  noZone(time, context)
}

/** A status that means two things would be credited and not be credited. */
function oneMeaning(
  status: {
    readonly pending: readonly string[]
    readonly revive: readonly string[]
    readonly paid?: string | undefined
    readonly done: readonly string[]
    readonly expired?: string | undefined
  },
  context: z.RefinementCtx,
): void {
  const meanings: (readonly [string, readonly string[]])[] = [
    ['pending', status.pending],
    ['revive', status.revive],
    ['paid', status.paid === undefined ? [] : [status.paid]],
    ['done', status.done],
  ]
  const seen = new Map<string, string>()
  for (const [key, values] of meanings) {
    for (const value of values) {
      const other = seen.get(value)
      if (other !== undefined) fault(context, key, `${shown(value)} is named in ${other} as well`)
      seen.set(value, key)
    }
  }
  // An expired order may be one that is revived, and no other.
  const { expired } = status
  const other = expired === undefined ? undefined : seen.get(expired)
  if (expired !== undefined && other !== undefined && other !== 'revive') {
    fault(context, 'expired', `${shown(expired)} is named in ${other} as well`)
  }
}

function reportOnly(value: unknown, context: z.RefinementCtx): 'report' {
  if (value !== 'report') {
    context.addIssue({
      code: 'custom',
      message: "must be report: this version reads a shop's own table, and credits nothing in it",
    })
  }
  return 'report'
}
