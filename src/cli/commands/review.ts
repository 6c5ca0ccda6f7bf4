import { ConfigError } from '../../config/fault.ts'
import type { OfMerchant } from '../../desks.ts'
import { formatFen } from '../../domain/money.ts'
import { type ReviewAction, reviewActions } from '../../domain/review/review-action.ts'
import { explanationText, reasonText } from '../../i18n/reasons.ts'
import { explanationOf } from '../../orders/explanation.ts'
import type { Resolution, ReviewPreview } from '../../orders/review.ts'
import type { Budan } from '../../service.ts'
import { presentNeedsSecond } from '../../web/api/requests/second-person.ts'
import { presentPreview, presentResolution } from '../../web/api/shapes/present-review.ts'
import { localActor, wordsGiven } from '../actor.ts'
import type { Command, CommandContext, CommandInput } from '../context.ts'
import { CommandError } from '../failure.ts'
import { merchantGiven, namesIn } from '../reader.ts'
import { plainText } from '../terminal/plain.ts'
import type { ExitCode } from '../terminal/terminal.ts'
import { orderNotFound, withService } from '../with-service.ts'
import { commandWords } from '../words.ts'

interface ActionRequest {
  readonly action: ReviewAction
  readonly name: string
  readonly reason: string
}

/**
 * Queries the gateway, and shows what each action on an order in review would do. Applies one only with
 * `--yes`, or when the person types the order's number. Exits with 1 when the action cannot be applied,
 * or was not confirmed.
 */
export const review: Command = async (context, given) => {
  const [orderNo = ''] = given.args
  const request = requestIn(given)
  const which = merchantGiven(given)
  return withService(context, async (budan) => {
    const preview = await previewed(context, { budan, orderNo, which })
    if (request !== null) {
      const isConfirmed = given.options.yes === true
      return apply(context, { budan, which, preview, request, isConfirmed })
    }
    showPreview(context, preview)
    return 0
  })
}

/** Null: only a preview was requested. */
function requestIn(given: CommandInput): ActionRequest | null {
  const { options } = given
  const action = reviewActions.find((each) => options[each] === true)
  if (action === undefined) {
    const alone = ['yes', 'name', 'reason'].filter((key) => options[key] !== undefined)
    if (alone.length === 0) return null
    throw new ConfigError(
      alone.map((key) => `--${key}: needs one of --credit, --expire and --dismiss`),
    )
  }
  const missing = (['name', 'reason'] as const).filter((key) => typeof options[key] !== 'string')
  if (missing.length > 0) {
    throw new ConfigError(missing.map((key) => `--${key}: is needed with --${action}`))
  }
  return { action, name: wordsGiven(given, 'name'), reason: wordsGiven(given, 'reason') }
}

async function previewed(
  { locale }: CommandContext,
  { budan, orderNo, which }: { budan: Budan; orderNo: string; which: OfMerchant },
): Promise<ReviewPreview> {
  const made = await budan.previewReview(orderNo, which)
  if (made === null) throw orderNotFound(orderNo)
  if (made.kind !== 'previewed')
    throw new CommandError(`Cannot review: ${reasonText(made.codedReason, locale)}`)
  return made.preview
}

interface Step {
  readonly budan: Budan
  readonly which: OfMerchant
  readonly preview: ReviewPreview
  readonly request: ActionRequest
  readonly isConfirmed: boolean
}

async function apply(context: CommandContext, step: Step): Promise<ExitCode> {
  const { terminal, output } = context
  const { budan, preview, request } = step
  const { orderNo } = preview.review.order
  const prospect = preview.actions[request.action]
  // With --json the result is one document: the resolution, or the preview if nothing was resolved.
  if (!output.asJson) showPreview(context, preview)
  const isWanted = prospect.possible && (step.isConfirmed || (await isTyped(context, step)))
  if (!isWanted) {
    if (output.asJson) showPreview(context, preview)
    if (!prospect.possible)
      throw new CommandError(
        `Nothing was changed: to ${request.action} it is ${reasonText(prospect.codedEffect, output.locale)}`,
      )
    output.note(
      terminal.prompt === undefined
        ? 'Nothing was changed: give --yes to carry it out.'
        : "Nothing was changed: the order's number was not typed.",
    )
    return 1
  }
  const { seen } = preview
  const resolution = await budan.resolveReview(orderNo, {
    ...{ ...request, seen, actor: localActor() },
    ...step.which,
  })
  showResolution(context, { resolution, orderNo })
  return 0
}

async function isTyped(
  { terminal: { prompt }, output }: CommandContext,
  { preview, request }: Step,
): Promise<boolean> {
  if (prompt === undefined) return false
  const { orderNo } = preview.review.order
  const line = `To ${request.action} it, type the order's number (${plainText(orderNo)}): `
  const typed = await prompt(output.say(line))
  return typed?.trim() === orderNo
}

/**
 * The transaction id of the gateway's answer, or of the payment that led to the review, to look up
 * in the merchant console.
 */
function transactionOf({ review, answer }: ReviewPreview): string | null {
  const now = answer.kind === 'trade' ? answer.trade.transactionId : null
  return now ?? explanationOf(review).transactionId
}

function showPreview(context: CommandContext, preview: ReviewPreview): void {
  const { output } = context
  if (output.asJson) {
    output.json(presentPreview(preview, namesIn(context)))
    return
  }
  const { order } = preview.review
  output.facts([
    ['order_no', order.orderNo],
    ['user_id', order.userId],
    ['amount', `${formatFen(order.amount)} ${order.currency}`],
    ['trade_state', preview.tradeState],
    ['transaction_id', transactionOf(preview)],
  ])
  output.line('')
  output.line(explanationText(preview.review, output.locale))
  output.line('')
  output.table(
    ['action', 'possible', 'effect'],
    reviewActions.map((action) => {
      const { yes, no } = commandWords(output.locale)
      const { possible, codedEffect } = preview.actions[action]
      return [
        output.term('action', action),
        possible ? { text: yes, tone: 'green' } : { text: no, tone: 'dim' },
        reasonText(codedEffect, output.locale),
      ]
    }),
  )
}

function showResolution(
  context: CommandContext,
  { resolution, orderNo }: { resolution: Resolution | null; orderNo: string },
): void {
  const { output } = context
  if (resolution === null) throw orderNotFound(orderNo)
  if (resolution.kind === 'needs_second') {
    const { codedReason } = resolution
    if (output.asJson) output.json(presentNeedsSecond(resolution, namesIn(context)))
    else output.line(`order ${orderNo}: ${reasonText(codedReason, output.locale)}`)
    return
  }
  if (resolution.kind !== 'resolved') {
    const why = reasonText(resolution.codedReason, output.locale)
    throw new CommandError(`Nothing was changed: ${why}`)
  }
  const { order, action } = resolution
  const end = action === 'dismiss' ? 'dismissed from the queue' : `${order.status} now`
  if (output.asJson) output.json(presentResolution(resolution, namesIn(context)))
  else output.line(`order ${orderNo} is ${end}`)
}
