import type { ChunkEnd, Work } from './engine.ts'

/** A chunk under way. */
export interface Chunk {
  /** Resolves when the next one may begin, at its end at the latest. */
  readonly halfAsked: Promise<void>
  readonly ended: Promise<ChunkEnd>
}

/**
 * While the second half of a chunk is asked, the next is claimed, so that the gateway never waits for
 * the database:
 *
 *   ├─ claim ─┼──── ask ────┼─ settle, record ─┤
 *                  └► ├─ claim ─┼──── ask ────┼─ settle, record ─┤
 */
export function beginChunk(work: Work, signal: AbortSignal): Chunk {
  let begun = () => {}
  const half = new Promise<void>((resolve) => {
    begun = resolve
  })
  const ended = work.chunk(signal, begun)
  return { halfAsked: Promise.race([half, ended.then(() => undefined)]), ended }
}
