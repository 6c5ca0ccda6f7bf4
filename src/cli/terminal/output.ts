import picocolors from 'picocolors'
import type { Locale } from '../../i18n/locale.ts'
import { type Terms, termsOf } from '../../i18n/terms.ts'
import { translate } from '../../i18n/translate.ts'
import { exactJson } from '../../text/exact-json.ts'
import { shanghaiTime } from '../../text/shanghai-time.ts'
import { asCalled } from './called.ts'
import { type ColumnKey, headingOf, isProse } from './columns.ts'
import { aligned, boxed, fitted } from './layout.ts'
import { plainText } from './plain.ts'
import type { Terminal } from './terminal.ts'

type Colors = ReturnType<typeof picocolors.createColors>
type Paint = (text: string) => string

const unpainted: Paint = (text) => text

/**
 * Prints the result of a command: as JSON with `--json`, else as lines and tables in the person's
 * language. Lines are passed in English; cells are passed in the person's language.
 */
export interface Output {
  readonly asJson: boolean
  readonly locale: Locale
  readonly colors: Colors
  json(value: unknown): void
  line(text: string, paint?: Paint): void
  say(sentence: string): string
  /** A word of a closed set, in the person's language and with its colour. */
  term<S extends keyof Terms>(set: S, word: keyof Terms[S] & string): Painted
  /** On a terminal a box; in a file or pipe, columns separated by blanks. */
  table(columns: readonly ColumnKey[], rows: readonly (readonly Cell[])[]): void
  facts(pairs: readonly (readonly [name: ColumnKey, value: Cell])[]): void
  /** Prints a line to standard error: for the person, not part of the result. */
  note(text: string, paint?: Paint): void
}

/** Null is shown as a dash; a time, in Shanghai's time zone to the second. */
export type Cell = string | number | Date | null | Painted

interface Painted {
  readonly text: string
  readonly tone: Tone | null
}

type Tone = 'green' | 'yellow' | 'red' | 'dim'

/** Green: credited. Yellow: a person must look. Red: failed. Dim: ended without payment. */
const tones: { readonly [S in keyof Terms]?: Partial<Record<keyof Terms[S], Tone>> } = {
  status: { paid: 'green', review: 'yellow', expired: 'dim' },
  decision: { pay: 'green', review: 'yellow' },
  outcome: { credited: 'green', review: 'yellow', unknown: 'yellow', error: 'red' },
}

/**
 * Words of these sets are also options of commands, so their translation is followed by the word to
 * type.
 */
const typedSets: readonly (keyof Terms)[] = ['status', 'action', 'exception', 'delivery']

export function createOutput(
  terminal: Terminal,
  { asJson, locale = 'en' }: { asJson: boolean; locale?: Locale },
): Output {
  const colors = picocolors.createColors(terminal.hasColor)
  const call = terminal.call ?? 'budan'
  const say = (sentence: string) => asCalled(plainText(translate(sentence, locale)), call)
  const textOf = (cell: Cell): string => {
    if (cell === null) return '-'
    if (cell instanceof Date) return shanghaiTime(cell)
    if (typeof cell !== 'object') return plainText(String(cell))
    const text = plainText(cell.text)
    return cell.tone === null ? text : colors[cell.tone](text)
  }
  const facts: Output['facts'] = (pairs) =>
    terminal.out(
      aligned(pairs.map(([name, cell]) => [colors.dim(headingOf(name, locale)), textOf(cell)])),
    )
  return {
    asJson,
    locale,
    colors,
    json: (value) => terminal.out(`${exactJson(value)}\n`),
    line: (text, paint = unpainted) => terminal.out(`${paint(say(text))}\n`),
    say,
    term(set, word) {
      const said: string = locale === 'en' ? word : String(termsOf(locale)[set][word])
      const isTyped = locale !== 'en' && typedSets.includes(set)
      return { text: isTyped ? `${said} ${word}` : said, tone: tones[set]?.[word] ?? null }
    },
    table(columns, rows) {
      const heads = columns.map((key) => headingOf(key, locale))
      const cells = rows.map((row) => row.map(textOf))
      if (!terminal.isInteractive) {
        terminal.out(aligned([heads, ...cells]))
        return
      }
      const width = terminal.columns ?? Number.POSITIVE_INFINITY
      const prose = columns.flatMap((key, at) => (isProse(key) ? [at] : []))
      const grid = fitted([heads.map(colors.bold), ...cells], { columns: width, prose })
      if (grid !== null) terminal.out(boxed(grid))
      // The terminal would wrap a box that is too wide, so each row is printed as facts.
      else
        for (const [nth, row] of rows.entries()) {
          if (nth > 0) terminal.out('\n')
          facts(columns.map((key, at) => [key, row[at] ?? null]))
        }
    },
    facts,
    note: (text, paint = unpainted) => terminal.err(`${paint(say(text))}\n`),
  }
}
