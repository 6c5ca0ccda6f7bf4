import type { ChunkEnd, Work } from './engine.ts'

/** A chunk under way. */
export interface Chunk {
  /** Resolves when the next one may begin, at its end at the latest. */
  readonly asked: Promise<void>
  readonly ended: Promise<ChunkEnd>
}

/**
 * While the last of a chunk are asked, settled and recorded, the next is claimed, so that the gateway
 * never waits for the database:
 *
 *   ├─ claim ─┼──── ask ────┼─ settle, record ─┤
 *                     asked └► ├─ claim ─┼──── ask ────┼─ …
 */
export function beginChunk(work: Work, signal: AbortSignal): Chunk {
  let begun = () => {}
  const asked = new Promise<void>((resolve) => {
    begun = resolve
  })
  const ended = work.chunk(signal, begun)
  return { asked: Promise.race([asked, ended.then(() => undefined)]), ended }
}
