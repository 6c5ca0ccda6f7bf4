import { ConfigError } from '../../config/fault.ts'
import { formatFen } from '../../domain/money.ts'
import { type ReviewAction, reviewActions } from '../../domain/review-action.ts'
import { explanationText, reasonText } from '../../i18n/reasons.ts'
import { explanationOf } from '../../orders/explanation.ts'
import type { Resolution, ReviewPreview } from '../../orders/review.ts'
import { type Budan, openService } from '../../service.ts'
import { presentPreview, presentResolution } from '../../web/api/present-review.ts'
import { localActor, wordsGiven } from '../actor.ts'
import type { CommandContext } from '../context.ts'
import { CommandError } from '../failure.ts'
import { type Output, plain, saidAsIs } from '../output.ts'
import type { Given } from '../program.ts'
import { quietLog, screenOf } from '../progress.ts'
import type { ExitCode } from '../terminal.ts'

interface Wished {
  readonly action: ReviewAction
  readonly name: string
  readonly reason: string
}

/**
 * Asks the gateway what can be done with an order in review; does it only when told so with `--yes`,
 * or when the order's number is typed. 1 when it cannot be done, or was not confirmed.
 */
export async function review(context: CommandContext, given: Given): Promise<ExitCode> {
  const [orderNo = ''] = given.args
  const wished = wishedIn(given)
  // What is being settled is not cut short by a signal.
  void context.terminal.stopAsked()
  const config = context.config('gateway')
  const budan = await openService(quietLog(config, screenOf(context.terminal.env)))
  try {
    const preview = await previewed(context, { budan, orderNo })
    if (wished === null) {
      showPreview(context.output, preview)
      return 0
    }
    return await carryOut(context, {
      budan,
      preview,
      wished,
      confirmed: given.options.yes === true,
    })
  } finally {
    await budan.close()
  }
}

/** Null: only to be shown. */
function wishedIn(given: Given): Wished | null {
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
  { budan, orderNo }: { budan: Budan; orderNo: string },
): Promise<ReviewPreview> {
  const made = await budan.previewReview(orderNo)
  if (made === null) throw new CommandError(`Cannot find order "${orderNo}"`)
  if (made.kind !== 'previewed')
    throw new CommandError(`Cannot review: ${reasonText(made.codedReason, locale)}`)
  return made.preview
}

interface Step {
  readonly budan: Budan
  readonly preview: ReviewPreview
  readonly wished: Wished
  readonly confirmed: boolean
}

async function carryOut({ terminal, output }: CommandContext, step: Step): Promise<ExitCode> {
  const { budan, preview, wished } = step
  const { orderNo } = preview.review.order
  const prospect = preview.actions[wished.action]
  // With --json the result is one document: the resolution, if there is one.
  if (!output.asJson) showPreview(output, preview)
  const isWanted =
    prospect.possible && (step.confirmed || (await isTyped({ terminal, output }, step)))
  if (!isWanted) {
    if (output.asJson) showPreview(output, preview)
    if (!prospect.possible)
      throw new CommandError(
        `Nothing was changed: to ${wished.action} it is ${reasonText(prospect.codedEffect, output.locale)}`,
      )
    output.note(
      terminal.ask === undefined
        ? 'Nothing was changed: give --yes to carry it out.'
        : "Nothing was changed: the order's number was not typed.",
    )
    return 1
  }
  const resolution = await budan.resolveReview(orderNo, {
    ...wished,
    seen: preview.seen,
    actor: localActor(),
  })
  showResolution(output, { resolution, orderNo })
  return 0
}

async function isTyped(
  { terminal: { ask }, output }: Pick<CommandContext, 'terminal' | 'output'>,
  { preview, wished }: Step,
): Promise<boolean> {
  if (ask === undefined) return false
  const { orderNo } = preview.review.order
  const question = `To ${wished.action} it, type the order's number (${plain(orderNo)}): `
  const typed = await ask(output.say(question))
  return typed?.trim() === orderNo
}

/** Of the payment that the gateway tells of now, or told of then: to be looked up in its console. */
function transactionOf({ review, answer }: ReviewPreview): string | null {
  const now = answer.kind === 'trade' ? answer.trade.transactionId : null
  return now ?? explanationOf(review).transactionId
}

function showPreview(output: Output, preview: ReviewPreview): void {
  if (output.asJson) {
    output.json(presentPreview(preview))
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
    ['action', 'possible', 'what it would do'],
    reviewActions.map((action) => {
      const { possible, codedEffect } = preview.actions[action]
      const effect = saidAsIs(reasonText(codedEffect, output.locale))
      return [action, possible ? 'yes' : 'no', effect]
    }),
  )
}

function showResolution(
  output: Output,
  { resolution, orderNo }: { resolution: Resolution | null; orderNo: string },
): void {
  if (resolution === null) throw new CommandError(`Cannot find order "${orderNo}"`)
  if (resolution.kind !== 'resolved') {
    const why = reasonText(resolution.codedReason, output.locale)
    throw new CommandError(`Nothing was changed: ${why}`)
  }
  const { order, action } = resolution
  const end = action === 'dismiss' ? 'dismissed from the queue' : `${order.status} now`
  if (output.asJson) output.json(presentResolution(resolution))
  else output.line(`order ${orderNo} is ${end}`)
}
