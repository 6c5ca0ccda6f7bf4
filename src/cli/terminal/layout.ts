import Table from 'cli-table3'

/** The cells of a table as text, the head first. */
export type Grid = readonly (readonly string[])[]

/** A table with lines around each cell. Cells may have several lines. */
export function boxed([head = [], ...rows]: Grid): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } })
  for (const row of rows) table.push([...row])
  return trimmed(table.toString())
}

/** Columns separated by blanks. Chinese characters count as two columns. */
export function aligned(rows: Grid): string {
  const table = new Table({
    chars: noChars,
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
  })
  for (const row of rows) table.push([...row])
  return trimmed(table.toString())
}

const lines = ['top', 'bottom', 'left', 'right', 'mid']
const crossings = ['top', 'bottom', 'left', 'right', 'mid'].map((side) => `${side}-mid`)
const corners = ['top-left', 'top-right', 'bottom-left', 'bottom-right', 'middle']
const noChars = Object.fromEntries([...lines, ...crossings, ...corners].map((name) => [name, '']))

function trimmed(text: string): string {
  return `${text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`
}

/** In a narrower column a sentence has one or two words on each line, which nobody reads. */
const proseWidthMin = 20

/**
 * The cells of a box that is at most `columns` wide: the cells of sentences are wrapped. Null when the
 * box is too wide even so.
 * @param prose the columns that may be wrapped. Others are not, so that numbers can be copied.
 */
export function fitted(
  grid: Grid,
  { columns, prose }: { columns: number; prose: readonly number[] },
): Grid | null {
  const widths = (grid[0] ?? []).map((_, at) =>
    Math.max(...grid.map((row) => widthOf(row[at] ?? ''))),
  )
  // Each column has a blank on both sides and a line; one more line closes the box.
  const surplus = widths.reduce((sum, width) => sum + width + 3, 1) - columns
  if (surplus <= 0) return grid
  const proseWidth = prose.reduce((sum, at) => sum + (widths[at] ?? 0), 0)
  const room = proseWidth - surplus
  if (room < proseWidthMin * prose.length || prose.length === 0) return null
  const widthAt = (at: number) =>
    Math.max(proseWidthMin, Math.floor(((widths[at] ?? 0) * room) / proseWidth))
  return grid.map((row) =>
    row.map((cell, at) => (prose.includes(at) ? wrapped(cell, widthAt(at)) : cell)),
  )
}

/** Breaks the text between words, and between Chinese characters, which have no blanks between them. */
export function wrapped(text: string, width: number): string {
  const done: string[] = []
  let line = ''
  for (const piece of text.match(unbroken)?.flatMap((each) => cut(each, width)) ?? []) {
    if (line !== '' && widthOf(line) + widthOf(piece.trimEnd()) > width) {
      done.push(line.trimEnd())
      line = ''
    }
    line += line === '' ? piece.trimStart() : piece
  }
  return [...done, line.trimEnd()].join('\n')
}

/** A wide character with the punctuation that may not begin a line, or a word with its blanks. */
const unbroken =
  /[\u2e80-\u2fff\u3040-\ufaff\u{20000}-\u{3fffd}][\u3000-\u303f\uff00-\uff60\u2019\u201d]*\s*|[^\s\u2e80-\ufaff\u{20000}-\u{3fffd}]*\s+|[^\s\u2e80-\ufaff\u{20000}-\u{3fffd}]+|./gu

function cut(word: string, width: number): readonly string[] {
  if (widthOf(word.trimEnd()) <= width) return [word]
  const pieces: string[] = ['']
  for (const character of word) {
    const piece = pieces.at(-1) ?? ''
    if (widthOf(piece + character) > width) pieces.push(character)
    else pieces[pieces.length - 1] = piece + character
  }
  return pieces
}

/** The width in columns of a terminal: two for a Chinese character, none for a colour code. */
export function widthOf(text: string): number {
  const bare = text.replace(colour, '')
  return [...bare].length + (bare.match(wide)?.length ?? 0)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour code begins with a control character
const colour = /\u001b\[[\d;]*m/g
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/gu
