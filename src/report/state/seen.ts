import type { RowFault, SourceOrder } from '../../sources/source.ts'

/**
 * A row may be in two pages: it moved, or a report was resumed, and the source begins a little before
 * its last position. These rows are not counted again. More are not remembered: a row that is read
 * again is near its first place.
 */
const rememberedMax = 20_000

export class SeenRows {
  #older = new Set<string>()
  #newer = new Set<string>()

  has(id: string): boolean {
    return this.#newer.has(id) || this.#older.has(id)
  }

  add(id: string): void {
    this.#newer.add(id)
    if (this.#newer.size < rememberedMax) return
    this.#older = this.#newer
    this.#newer = new Set()
  }
}

/** Two rows with one number are two rows. */
export function idOfOrder({ orderNo, userId }: SourceOrder): string {
  return `${orderNo} ${userId}`
}

export function idOfFault({ key, problem }: RowFault): string {
  return `${problem} ${key}`
}
