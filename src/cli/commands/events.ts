import { ConfigError } from '../../config/fault.ts'
import { formatFen } from '../../domain/money.ts'
import type { PublishedType } from '../../domain/webhooks/published-event.ts'
import { Feed, type FeedEvent } from '../../outbox/feed.ts'
import { Pump } from '../../outbox/pump.ts'
import { CursorError, CursorGoneError } from '../../store/errors.ts'
import { shanghaiTime } from '../../text/shanghai-time.ts'
import { presentEvent } from '../../web/api/events.ts'
import type { Command, CommandContext } from '../context.ts'
import { CommandError } from '../failure.ts'
import { namesIn, withStore } from '../reader.ts'
import type { Cell } from '../terminal/output.ts'

/** What is published, oldest first: a page of it, or on and on with `--follow`. */
export const events: Command = async (context, { options }) => {
  const { after = null, types = null, limit = 50, follow } = options as Partial<EventsOptions>
  const wanted = { after, types }
  await withFeed(context, (feed) =>
    follow === true
      ? followAll(context, feed.follow(wanted))
      : showPage(context, feed, { ...wanted, limit }),
  ).catch((error) => refuseCursor(error))
  return 0
}

/** After the program's parsers. */
interface EventsOptions {
  readonly after: string
  readonly types: readonly PublishedType[]
  readonly limit: number
  readonly follow: boolean
}

/** A signal ends what is followed. */
async function withFeed(
  context: CommandContext,
  work: (feed: Feed) => Promise<void>,
): Promise<void> {
  const stopping = new AbortController()
  void context.terminal.stopRequested().then(() => stopping.abort())
  const { merchants } = namesIn(context)
  await withStore(context, (store) => {
    // A look that fails is repeated; the reading itself fails with a message.
    const pump = new Pump({ store, emit: () => undefined })
    return work(new Feed({ store, pump, merchants, ended: () => stopping.signal }))
  })
}

async function showPage(
  { output }: CommandContext,
  feed: Feed,
  wanted: Parameters<Feed['read']>[0] & { readonly limit: number },
): Promise<void> {
  const page = await feed.read(wanted)
  if (output.asJson) {
    output.json({ events: page.events.map(presentEvent), next_cursor: page.nextCursor })
    return
  }
  output.table(['at', 'event', 'order_no', 'amount', 'user_id'], page.events.map(cellsOf))
  if (page.events.length === wanted.limit) output.note(`more: --after ${page.nextCursor}`)
}

/** One line for each; as JSON with the cursor behind it. */
async function followAll(
  { output }: CommandContext,
  feed: AsyncIterable<FeedEvent>,
): Promise<void> {
  for await (const event of feed) {
    if (output.asJson) output.json({ ...presentEvent(event), cursor: event.cursor })
    else {
      const cells = cellsOf(event).map((cell) =>
        cell instanceof Date ? shanghaiTime(cell) : String(cell ?? '-'),
      )
      output.line(cells.join('  '))
    }
  }
}

function cellsOf({ type, timestamp, data }: FeedEvent): readonly Cell[] {
  const { order_no: orderNo, amount, user_id: userId } = data
  return [
    ...[timestamp, type, textOf(orderNo)],
    Number.isSafeInteger(amount) ? formatFen(BigInt(amount as number)) : null,
    textOf(userId),
  ]
}

/** Events of orders have it; others may not. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function refuseCursor(error: unknown): never {
  if (error instanceof CursorError)
    throw new ConfigError(['--after: is not one that this list gave'])
  if (error instanceof CursorGoneError) throw new CommandError(error.message)
  throw error
}
