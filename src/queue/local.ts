import { setTimeout as delay } from 'node:timers/promises'
import { beginChunk, type Chunk } from './chunk.ts'
import { type ChunkEnd, type Engine, marginMs, type Work } from './engine.ts'

/**
 * The clock of one process: ticks at once, and then whenever the tick before asks for, until
 * `signal` aborts. Between two ticks it works off what the first of them left. Never two at a time.
 *
 * The tick names its successor's time from the database's clock, so that a node whose own clock is
 * off, or whose timer drifts, still meets every slot.
 */
export const localEngine: Engine = {
  async run(work, signal) {
    while (!signal.aborted) {
      const { nextInMs, chunks } = await work.tick(signal)
      const nextAt = performance.now() + nextInMs
      if (chunks > 0) await workOff(work, { until: nextAt, signal })
      await rest(nextAt - performance.now() + marginMs, signal)
    }
  },
  vitals: () => ({ state: 'local', detail: 'local: a timer of this process', jobs: null }),
}

/** After a chunk that failed the database may be back this much later. */
const retryMs = 15_000

/** Chunk after chunk, until nothing is left or the next slot has come. */
export async function workOff(
  work: Work,
  { until, signal }: { until: number; signal: AbortSignal },
): Promise<void> {
  const underWay = new Set<Promise<void>>()
  const last: { end: ChunkEnd } = { end: 'more' }
  const watch = ({ ended }: Chunk) => {
    const whole = ended.then((end) => {
      if (end !== 'more') last.end = end
      underWay.delete(whole)
    })
    underWay.add(whole)
  }
  while (!signal.aborted && performance.now() < until && last.end !== 'done') {
    if (last.end === 'failed') {
      last.end = 'more'
      await rest(Math.min(retryMs, until - performance.now()), signal)
    } else if (underWay.size >= work.chunksAtOnce) {
      await Promise.race(underWay)
    } else {
      const chunk = beginChunk(work, signal)
      watch(chunk)
      await chunk.halfAsked
    }
  }
  await Promise.all(underWay)
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, ms), undefined, { signal, ref: true }).catch(() => undefined)
}
