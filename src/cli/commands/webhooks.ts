import { ConfigError } from '../../config/fault.ts'
import { dateOrTime } from '../../config/values.ts'
import { deliveryName } from '../../domain/webhooks/delivery.ts'
import type { PublishedType } from '../../domain/webhooks/published-event.ts'
import {
  openWebhookDesk,
  type Replayed,
  type WebhookDesk,
} from '../../outbox/webhooks/webhook-desk.ts'
import type { Store } from '../../store/store.ts'
import { presentDelivery, presentEndpoint, presentTested } from '../../web/api/shapes/webhooks.ts'
import type { Command, CommandContext } from '../context.ts'
import { CommandError } from '../failure.ts'
import { withStore } from '../reader.ts'
import type { ExitCode } from '../terminal/terminal.ts'
import { printPage } from './lists.ts'

/** The endpoints of webhooks, and what a person does with one. */
export const webhooks: Command = async (context, { args: [action = 'list', name], options }) => {
  switch (action) {
    case 'test':
      return await testOne(context, named(action, name))
    case 'replay':
      return await replay(context, { name: named(action, name), ...spanOf(options) })
    default:
      return await list(context)
  }
}

/** Deliveries, newest first, or one of them sent again. */
export const deliveries: Command = async (context, { args: [action = 'list', id], options }) =>
  action === 'replay'
    ? await replayOne(context, named(action, id))
    : await listDeliveries(context, options)

function named(action: string, name: string | undefined): string {
  if (name === undefined) throw new ConfigError([`${action}: say of which`])
  return name
}

/** The service that serves sends what is made due here. */
function atDesk<T>(
  context: CommandContext,
  work: (desk: WebhookDesk, store: Store) => Promise<T>,
): Promise<T> {
  const { webhooks: endpoints = [] } = context.config('database')
  return withStore(context, (store) =>
    work(openWebhookDesk({ store, endpoints, emit: () => {}, wake: () => {} }), store),
  )
}

async function list(context: CommandContext): Promise<ExitCode> {
  const { output } = context
  return printPage(context, {
    name: 'webhooks',
    items: await atDesk(context, (desk) => desk.endpoints()),
    nextCursor: null,
    present: presentEndpoint,
    columns: ['endpoint', 'url', 'pending', 'failed', 'failing_since', 'problem'],
    row: (each) => [
      ...[each.name, each.url, each.pending, each.failed, each.failingSince],
      each.lastError === null ? null : output.say(each.lastError),
    ],
  })
}

async function testOne(context: CommandContext, name: string): Promise<ExitCode> {
  const { output } = context
  const tested = (await atDesk(context, (desk) => desk.test(name))) ?? noEndpoint(name)
  const { attempt, eventId } = tested
  const isGood = attempt.outcome === 'delivered'
  if (output.asJson) output.json(presentTested(tested))
  else {
    output.facts([
      ['endpoint', name],
      ['event', eventId],
      ['code', attempt.status],
      ['problem', attempt.error === null ? null : output.say(attempt.error)],
      ['ms', attempt.durationMs],
    ])
  }
  return isGood ? 0 : 1
}

interface Span {
  readonly since: Date
  readonly types: readonly PublishedType[] | null
}

function spanOf({ since, types = null }: Readonly<Record<string, unknown>>): Span {
  const at = typeof since === 'string' ? dateOrTime(since) : null
  if (at === null) {
    throw new ConfigError(['--since: give a date, like 2027-01-31, or a time of RFC 3339'])
  }
  return { since: at, types: types as Span['types'] }
}

/** Portion by portion, until the span is done. */
async function replay(
  context: CommandContext,
  { name, ...span }: Span & { readonly name: string },
): Promise<ExitCode> {
  const { output } = context
  const replayed = await atDesk(context, async (desk) => {
    let total = 0
    for (let cursor: string | null = null; ; ) {
      const made: Replayed = (await desk.replay(name, { ...span, cursor })) ?? noEndpoint(name)
      total += made.replayed
      cursor = made.nextCursor
      if (cursor === null) return total
      output.note(`${total} deliveries are due again so far`)
    }
  })
  if (output.asJson) output.json({ replayed, next_cursor: null })
  else output.line(`${replayed} deliveries are due again`)
  return 0
}

async function listDeliveries(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<ExitCode> {
  const { output } = context
  const filter = options as unknown as Parameters<Store['listDeliveries']>[0]
  const { limit, cursor = null, endpoint = null, state = null, orderNo = null } = filter
  const page = await withStore(context, (store) =>
    store.listDeliveries({ limit, cursor, endpoint, state, orderNo }),
  )
  return printPage(context, {
    ...{ name: 'deliveries', ...page, present: presentDelivery },
    columns: [
      ...(['delivery', 'endpoint', 'type', 'order_no'] as const),
      ...(['state', 'attempts', 'created_at', 'problem'] as const),
    ],
    row: (each) => [
      ...[deliveryName(each.id), each.endpoint, each.type, each.orderNo],
      ...[output.term('delivery', each.state), each.attempts, each.createdAt],
      each.lastError === null ? null : output.say(each.lastError),
    ],
  })
}

async function replayOne(context: CommandContext, id: string): Promise<ExitCode> {
  const { output } = context
  const delivery = await atDesk(context, (desk) => desk.replayDelivery(id))
  if (delivery === null) throw new CommandError(`Cannot find delivery ${JSON.stringify(id)}`)
  if (output.asJson) output.json(presentDelivery(delivery))
  else output.line(`${deliveryName(delivery.id)} is due again for ${delivery.endpoint}`)
  return 0
}

function noEndpoint(name: string): never {
  throw new CommandError(
    `Cannot find the endpoint ${JSON.stringify(name)}: it is not configured here`,
  )
}
