import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { BatchEnd, Tick, Work } from '../../src/queue/engine.ts'
import { localEngine } from '../../src/queue/local.ts'

/** Work that records its calls, and stops the engine when its script is over. */
function scripted(ticks: readonly Tick[], batchEnds: readonly BatchEnd[]) {
  const stop = new AbortController()
  const calls: string[] = []
  const [leftTicks, leftBatches] = [[...ticks], [...batchEnds]]
  const work: Work = {
    async tick() {
      calls.push('tick')
      const tick = leftTicks.shift()
      if (leftTicks.length === 0 && leftBatches.length === 0) stop.abort()
      return tick ?? { kind: 'taken', nextInMs: 0, batches: 0 }
    },
    batchesAtOnce: 2,
    batch() {
      calls.push('batch')
      const end = leftBatches.shift() ?? 'done'
      if (leftTicks.length === 0 && leftBatches.length === 0) stop.abort()
      const ended = Promise.resolve(end)
      return { halfSent: ended.then(() => undefined), ended }
    },
  }
  return { work, calls, signal: stop.signal }
}

const hour = 3_600_000

describe('localEngine', () => {
  it('ticks at once, and again whenever the tick before set', async () => {
    const tick = { kind: 'taken', nextInMs: 1, batches: 0 } as const
    const { work, calls, signal } = scripted([tick, tick, tick], [])
    await localEngine.run(work, signal)
    expect(calls).toEqual(['tick', 'tick', 'tick'])
  })

  it('works off what a tick left, until nothing is', async () => {
    const ran = { kind: 'ran', nextInMs: 50, batches: 9 } as const
    const { work, calls, signal } = scripted([ran, { ...ran, batches: 0 }], ['more', 'done'])
    await localEngine.run(work, signal)
    expect(calls).toEqual(['tick', 'batch', 'batch', 'tick'])
  })

  it('begins a batch when the one before is being queried, and never more than planned', async () => {
    const stop = new AbortController()
    const ends: ((end: BatchEnd) => void)[] = []
    const seen: string[] = []
    const work: Work = {
      batchesAtOnce: 2,
      tick: async () => ({ kind: 'ran', nextInMs: hour, batches: 9 }),
      batch: () => {
        const ended = new Promise<BatchEnd>((resolve) => {
          const number = ends.push(resolve)
          seen.push(`begun ${number}`)
          // The second has begun while the first is settled; a third would be one too many.
          if (number === 2) setImmediate(() => seen.push('two under way') && ends[0]?.('more'))
          if (number === 3) {
            stop.abort()
            for (const end of ends) end('done')
          }
        })
        return { halfSent: Promise.resolve(), ended }
      },
    }
    await localEngine.run(work, stop.signal)
    expect(seen).toEqual(['begun 1', 'begun 2', 'two under way', 'begun 3'])
  })

  it('gives the next slot its tick, however much is left', async () => {
    const ran = { kind: 'ran', nextInMs: 0, batches: 9 } as const
    const { work, calls, signal } = scripted([ran, ran, { ...ran, nextInMs: hour }], ['done'])
    await localEngine.run(work, signal)
    expect(calls).toEqual(['tick', 'tick', 'tick', 'batch'])
  })

  it('ends a rest of an hour at once when it is stopped', async () => {
    const { work, signal } = scripted([{ kind: 'ran', nextInMs: hour, batches: 0 }], [])
    // Else it lasts longer than a test may.
    await localEngine.run(work, signal)
  })

  it('loads nothing of the queue', () => {
    const built = pathToFileURL(join(import.meta.dirname, '../../dist/service.js')).href
    const script = `
      import { createRequire } from 'node:module'
      await import(${JSON.stringify(built)})
      const loaded = Object.keys(createRequire(${JSON.stringify(built)}).cache)
      console.log(JSON.stringify([loaded.length > 0, loaded.filter((name) => /bullmq/.test(name))]))`
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script])
    expect(JSON.parse(String(out))).toEqual([true, []])
  })
})
