import { ConfigError } from '../../config/fault.ts'
import { merchantName } from '../../domain/merchant.ts'
import { formatAmount } from '../../domain/money.ts'
import {
  type Exception,
  type ExceptionKind,
  exceptionKinds,
  totalOf,
} from '../../domain/review/exception.ts'
import { reasonText } from '../../i18n/reasons.ts'
import { presentException, presentTotal } from '../../web/api/exceptions/present.ts'
import { localActor, wordsGiven } from '../actor.ts'
import type { Command, CommandContext, CommandInput } from '../context.ts'
import { CommandError } from '../failure.ts'
import { merchantIdGiven, namesIn, withStore } from '../reader.ts'
import type { ExitCode } from '../terminal/terminal.ts'
import { printPage } from './lists.ts'

/** Where money and books differ, newest first; or closes one. */
export const exceptions: Command = async (context, given) => {
  const [action, id] = given.args
  if (action === undefined) return list(context, given)
  if (id === undefined) throw new ConfigError(['close: needs the id of an exception'])
  return close(context, { id, given })
}

async function list(context: CommandContext, given: CommandInput): Promise<ExitCode> {
  const { output } = context
  const { kind, state, order, limit, cursor = null } = given.options
  const misplaced = given.options.reason !== undefined
  if (misplaced) throw new ConfigError(['--reason: needs close and the id of an exception'])
  const filter = {
    ...{ limit: Number(limit), cursor: cursor === null ? null : String(cursor) },
    ...{ kind: kindOf(kind), state: stateOf(state), orderNo: order ? String(order) : null },
    merchant: merchantIdGiven(context, given),
  }
  const { page, open } = await withStore(context, async (store) => ({
    page: await store.listExceptions(filter),
    open: await store.openExceptions(),
  }))
  const { count, amount } = totalOf(open)
  const names = namesIn(context)
  return printPage(context, {
    ...{ name: 'exceptions', ...page, beside: { open: presentTotal(open) } },
    note: `open: ${count}, ${formatAmount(amount, 'CNY')} at stake`,
    present: (each) => presentException(each, names),
    columns: [
      ...(['id', 'kind', 'merchant', 'order_no', 'amount_at_stake'] as const),
      ...(['opened_at', 'reason', 'closed_by'] as const),
    ],
    row: (each) => [
      ...[each.id, output.term('exception', each.kind)],
      ...[merchantName(names.merchants, each), each.orderNo],
      formatAmount(each.amountAtStake, each.currency),
      each.openedAt,
      each.codedReason === null ? each.reason : reasonText(each.codedReason, output.locale),
      each.closing?.by ?? null,
    ],
  })
}

function kindOf(given: unknown): ExceptionKind | null {
  return exceptionKinds.find((each) => each === given) ?? null
}

/** Open ones, unless others are wanted. */
function stateOf(given: unknown): 'open' | 'closed' | null {
  if (given === 'all') return null
  return given === 'closed' ? 'closed' : 'open'
}

async function close(
  context: CommandContext,
  { id, given }: { readonly id: string; readonly given: CommandInput },
): Promise<ExitCode> {
  const { output } = context
  if (given.options.reason === undefined) throw new ConfigError(['--reason: is needed with close'])
  const reason = wordsGiven(given, 'reason')
  const { name: by, address } = localActor()
  const { closed, found } = await withStore(context, async (store) => {
    const row = await store.closeException(id, { by, address, reason })
    return { closed: row, found: row ?? (await store.findException(id)) }
  })
  if (found === null) throw new CommandError(`Cannot find exception "${id}"`)
  if (closed === null) throw new CommandError(whyNot(found))
  if (output.asJson) output.json(presentException(closed, namesIn(context)))
  else output.line(`exception ${id} of order ${closed.orderNo} is closed now`)
  return 0
}

function whyNot({ id, orderNo, closing }: Exception): string {
  return closing === null
    ? `Nothing was changed: exception ${id} is a review, which closes with it: \`budan review ${orderNo}\``
    : `Nothing was changed: exception ${id} was closed by "${closing.by}" already`
}
