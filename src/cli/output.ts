import picocolors from 'picocolors'
import type { Locale } from '../i18n/locale.ts'
import { translate } from '../i18n/translate.ts'
import { exactJson } from '../text/exact-json.ts'
import { shanghaiTime } from '../text/shanghai-time.ts'
import { asCalled } from './called.ts'
import { cellText, headText, isProse, toneOf } from './columns.ts'
import { aligned, boxed, fitted } from './layout.ts'
import { plainText } from './plain.ts'
import type { Terminal } from './terminal.ts'

type Colors = ReturnType<typeof picocolors.createColors>
type Paint = (text: string) => string

const unpainted: Paint = (text) => text

/**
 * How a command gives its result: JSON where asked for, else words and tables for people, in their
 * language. Commands speak English; what columns and facts hold is told by their names (`columns.ts`).
 */
export interface Output {
  readonly asJson: boolean
  readonly locale: Locale
  readonly colors: Colors
  /** One line. */
  json(value: unknown): void
  line(text: string, paint?: Paint): void
  /** A part of a line in the person's language. */
  say(sentence: string): string
  /** Boxed on a terminal; aligned by blanks in a file or pipe. */
  table(head: readonly string[], rows: readonly Row[]): void
  /** Names and values, one pair a line. */
  facts(pairs: readonly (readonly [name: string, value: Cell])[]): void
  /** For the person, not part of the result. */
  note(text: string, paint?: Paint): void
}

/** Null shows as a dash. `asIs`: a person's own words, or said in their language already. */
export type Cell = string | number | null | { readonly asIs: string }
type Row = readonly Cell[]

/** A cell whose text is in the person's language already. */
export function saidAsIs(text: string | null): Cell {
  return text === null ? null : { asIs: text }
}

export function createOutput(
  terminal: Terminal,
  { asJson, locale = 'en' }: { asJson: boolean; locale?: Locale },
): Output {
  const colors = picocolors.createColors(terminal.hasColor)
  const call = terminal.call ?? 'budan'
  const say = (sentence: string) => asCalled(plainText(translate(sentence, locale)), call)
  const textOf = (cell: Cell, head: string): string => {
    const value = plain(cell)
    const isOurs = cell !== null && typeof cell !== 'object'
    const text = isOurs ? cellText(value, { head, locale }) : value
    const tone = isOurs ? toneOf(value, head) : null
    return tone === null ? text : colors[tone](text)
  }
  const facts: Output['facts'] = (pairs) =>
    terminal.out(
      aligned(
        pairs.map(([name, value]) => [colors.dim(headText(name, locale)), textOf(value, name)]),
      ),
    )
  return {
    asJson,
    locale,
    colors,
    json: (value) => terminal.out(`${exactJson(value)}\n`),
    line: (text, paint = unpainted) => terminal.out(`${paint(say(text))}\n`),
    say,
    table(head, rows) {
      const heads = head.map((name) => headText(name, locale))
      const cells = rows.map((row) => row.map((cell, at) => textOf(cell, head[at] ?? '')))
      if (!terminal.isInteractive) {
        terminal.out(aligned([heads, ...cells]))
        return
      }
      const { columns = Number.POSITIVE_INFINITY } = terminal
      const prose = head.flatMap((name, at) => (isProse(name) ? [at] : []))
      const grid = fitted([heads.map(colors.bold), ...cells], { columns, prose })
      if (grid !== null) terminal.out(boxed(grid))
      // A box that is broken by the terminal is no help: each row by itself, with its names.
      else
        for (const [nth, row] of rows.entries()) {
          if (nth > 0) terminal.out('\n')
          facts(row.map((cell, at) => [head[at] ?? '', cell]))
        }
    },
    facts,
    note: (text, paint = unpainted) => terminal.err(`${paint(say(text))}\n`),
  }
}

/** A value as one line of text. */
export function plain(cell: Cell): string {
  if (cell === null) return '-'
  const value = typeof cell === 'object' ? cell.asIs : String(cell)
  return plainText(value)
}

/** To the second, as WeChat Pay has it. */
export function timeText(time: Date | null): string | null {
  return time === null ? null : shanghaiTime(time)
}
