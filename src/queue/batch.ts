import type { BatchEnd, Work } from './engine.ts'

/** A batch that has begun. */
export interface BatchUnderWay {
  /** Resolves when the next batch may begin, at the latest when this one ends. */
  readonly halfDispatched: Promise<void>
  readonly ended: Promise<BatchEnd>
}

/**
 * The next batch is claimed while the second half of this one is queried, so that the gateway never
 * waits for the database:
 *
 *   ├─ claim ─┼─── query ───┼─ settle, record ─┤
 *                  └► ├─ claim ─┼─── query ───┼─ settle, record ─┤
 */
export function beginBatch(work: Work, signal: AbortSignal): BatchUnderWay {
  let onHalf = () => {}
  const half = new Promise<void>((resolve) => {
    onHalf = resolve
  })
  const ended = work.batch(signal, onHalf)
  return { halfDispatched: Promise.race([half, ended.then(() => undefined)]), ended }
}
