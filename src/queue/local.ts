import { setTimeout as delay } from 'node:timers/promises'
import { type BatchEnd, type BatchUnderWay, type Engine, marginMs, type Work } from './engine.ts'

/**
 * A timer of this process. It ticks at once, and then at the time that the tick before returned, until
 * `signal` aborts. Between two ticks it makes the batches that the first of them left, one tick at a time.
 *
 * A tick takes the time of the next one from the database's clock, so that a node whose own clock is
 * wrong, or whose timer drifts, still meets every slot.
 */
export const localEngine: Engine = {
  async run(work, signal) {
    while (!signal.aborted) {
      const { nextInMs, batches } = await work.tick(signal)
      const nextAt = performance.now() + nextInMs
      if (batches > 0) await workOff(work, { until: nextAt, signal })
      await rest(nextAt - performance.now() + marginMs, signal)
    }
  },
  vitals: () => ({ state: 'local', detail: 'local: a timer of this process', jobs: null }),
}

/** How long to wait after a batch that failed: the database may be back by then. */
const retryMs = 15_000

/** Makes batches until nothing is left or the next slot begins. */
export async function workOff(
  work: Work,
  { until, signal }: { until: number; signal: AbortSignal },
): Promise<void> {
  const underWay = new Set<Promise<void>>()
  const last: { end: BatchEnd } = { end: 'more' }
  const track = ({ ended }: BatchUnderWay) => {
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
    } else if (underWay.size >= work.batchesAtOnce) {
      await Promise.race(underWay)
    } else {
      const batch = work.batch(signal)
      track(batch)
      await batch.halfSent
    }
  }
  await Promise.all(underWay)
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, ms), undefined, { signal, ref: true }).catch(() => undefined)
}
