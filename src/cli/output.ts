import Table from 'cli-table3'
import picocolors from 'picocolors'
import type { Terminal } from './terminal.ts'

type Colors = ReturnType<typeof picocolors.createColors>

/** How a command gives its result: JSON where asked for, else words and tables for people. */
export interface Output {
  readonly asJson: boolean
  readonly colors: Colors
  /** One line. */
  json(value: unknown): void
  line(text: string): void
  /** Boxed on a terminal; aligned by blanks in a file or pipe. */
  table(head: readonly string[], rows: readonly Row[]): void
  /** Names and values, one pair a line. */
  facts(pairs: readonly (readonly [name: string, value: Cell])[]): void
  /** For the person, not part of the result. */
  note(text: string): void
}

/** Null shows as a dash. */
export type Cell = string | number | null
type Row = readonly Cell[]

export function createOutput(terminal: Terminal, { asJson }: { asJson: boolean }): Output {
  const colors = picocolors.createColors(terminal.hasColor)
  return {
    asJson,
    colors,
    json: (value) => terminal.out(`${JSON.stringify(value)}\n`),
    line: (text) => terminal.out(`${text}\n`),
    table(head, rows) {
      const table = terminal.isInteractive ? boxed(head.map(colors.bold)) : aligned()
      if (!terminal.isInteractive) table.push([...head])
      for (const row of rows) table.push(row.map(plain))
      terminal.out(trimmed(table.toString()))
    },
    facts(pairs) {
      const table = aligned()
      for (const [name, value] of pairs) table.push([colors.dim(name), plain(value)])
      terminal.out(trimmed(table.toString()))
    },
    note: (text) => terminal.err(`${text}\n`),
  }
}

/**
 * A value as one line of text: what payers and other systems wrote may hold line breaks, or
 * sequences that a terminal obeys.
 */
export function plain(value: Cell): string {
  return value === null ? '-' : String(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** RFC 3339 in UTC, to the second. */
export function timeText(time: Date | null): string | null {
  return time === null ? null : time.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** In the two largest units that say something: `3 d 4 h`, `5 min`, `12 s`. */
export function durationText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  const told = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return told.map(([count, unit]) => `${count} ${unit}`).join(' ')
}

function boxed(head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [] } })
}

/** Columns by blanks alone; the widths of Chinese text are right in it too. */
function aligned(): Table.Table {
  const borders = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left']
  const more = [
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ]
  const chars = Object.fromEntries([...borders, ...more].map((name) => [name, '']))
  return new Table({
    chars,
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
  })
}

function trimmed(text: string): string {
  return `${text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`
}
