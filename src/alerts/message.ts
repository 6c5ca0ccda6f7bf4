import type { Locale } from '../i18n/locale.ts'
import { shanghaiTime } from '../text/shanghai-time.ts'
import { type Alert, type AlertType, orderNoOf } from './alert.ts'
import type { Collected } from './digest.ts'
import { cutToBytes, foreign, numberText } from './plain.ts'
import { type Said, sayAlert, wordsOf } from './words.ts'

/** What is sent at once to one robot. */
export interface Message {
  /** The alert's own type, where it is about one. */
  readonly kind: AlertType | 'summary' | 'test'
  readonly text: string
  readonly at: Date
  readonly node: string
  readonly collected: readonly Collected[]
  readonly ongoing: readonly Alert[]
}

export interface Writing {
  readonly node: string
  readonly locale: Locale
  /** Of the text, in UTF-8. */
  readonly bytesMax: number
}

/** Groups of DingTalk may take only messages that hold a word of their choice; this one is in all of them. */
const keyword = '[budan]'

/** One alert with all that is to be said, or a summary of several. */
export function messageOf(
  { collected, ongoing, at }: Pick<Message, 'collected' | 'ongoing' | 'at'>,
  writing: Writing,
): Message {
  const [only] = collected
  const alert = collected.length === 1 && only?.count === 1 ? only.last[0] : undefined
  const said =
    alert === undefined ? summaryOf({ collected, ongoing }, writing) : single(alert, writing)
  const kind = alert?.type ?? 'summary'
  const { node } = writing
  return {
    kind,
    text: textOf(said, { ...writing, at: alert?.at ?? at }),
    at,
    node,
    collected,
    ongoing,
  }
}

export function testMessage(at: Date, writing: Writing): Message {
  const { test, testLine } = wordsOf(writing.locale)
  const text = textOf({ title: test, lines: [testLine] }, { ...writing, at })
  return { kind: 'test', text, at, node: writing.node, collected: [], ongoing: [] }
}

/** The node stands behind the title, so that a text that is cut has both. */
function textOf(
  { title, lines }: Said,
  { node, locale, bytesMax, at }: Writing & { readonly at: Date },
): string {
  const by = wordsOf(locale).node(foreign(node), shanghaiTime(at))
  return cutToBytes([`${keyword} ${title}`, by, ...lines].join('\n'), bytesMax)
}

function single(alert: Alert, { locale }: Writing): Said {
  const { title, lines } = sayAlert(alert, locale)
  const { merchant } = alert
  if (merchant === null) return { title, lines }
  return { title, lines: [wordsOf(locale).merchant(foreign(merchant)), ...lines] }
}

/** How many of each type; of the newest of a type what there is to say; and how it stands now. */
function summaryOf(
  { collected, ongoing }: Pick<Message, 'collected' | 'ongoing'>,
  { locale }: Writing,
): Said {
  const words = wordsOf(locale)
  const count = collected.reduce((sum, each) => sum + each.count, 0)
  const since = new Date(Math.min(...collected.map(({ firstAt }) => +firstAt)))
  const counts = collected.map((each) => `- ${ofType(each, locale)}`)
  const states = ongoing.slice(-ongoingShownMax).map((alert) => {
    const { title, lines } = single(alert, { locale, node: '', bytesMax: 0 })
    return `${words.now}${[title, ...lines].join('; ')}`
  })
  return { title: words.summary(count, shanghaiTime(since)), lines: [...counts, ...states] }
}

/** A summary is read on a phone; more than these have one cause. */
const ongoingShownMax = 5

function ofType({ type, count, last }: Collected, locale: Locale): string {
  const words = wordsOf(locale)
  const head = words.ofType(words.types[type], count)
  const orderNos = last.flatMap((alert) => orderNoOf(alert) ?? [])
  if (orderNos.length > 0) return `${head} (${words.lastOrders(orderNos.map(numberText))})`
  const newest = last.at(-1)
  if (newest === undefined) return head
  const { title, lines } = single(newest, { locale, node: '', bytesMax: 0 })
  return [head, title, ...lines].join('; ')
}
