/** The rows of the first table below a heading of a page, cell by cell. */
export function rowsUnder(page: string, heading: string): readonly (readonly string[])[] {
  const [, below = ''] = page.split(`\n${heading}\n`)
  const table = /(?:^\|.*\n)+/m.exec(below.split(/^#{1,3} /m, 1)[0] ?? '')?.[0] ?? ''
  const [, , ...rows] = table.trim().split('\n')
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}
