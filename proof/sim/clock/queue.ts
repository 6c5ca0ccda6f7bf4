/** An item of the queue. */
export interface Timed {
  readonly time: number
  /** Drawn from the seed: orders items of the same time. */
  readonly tie: number
}

/** A binary heap that returns the earliest item first. */
export class TimeQueue<T extends Timed> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  push(item: T): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = heap[parentAt]
      if (parent === undefined || !isBefore(item, parent)) break
      heap[at] = parent
      at = parentAt
    }
    heap[at] = item
  }

  pop(): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) this.#sink(last)
    return first
  }

  #sink(item: T): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      if (left === undefined) break
      const child = right !== undefined && isBefore(right, left) ? right : left
      if (!isBefore(child, item)) break
      heap[at] = child
      at = child === left ? 2 * at + 1 : 2 * at + 2
    }
    heap[at] = item
  }
}

function isBefore(one: Timed, other: Timed): boolean {
  return one.time === other.time ? one.tie < other.tie : one.time < other.time
}
