import { Figures } from './figures.ts'
import { SeedRunner } from './seed.ts'
import type { WorkerReport } from './seeds.ts'

/** How many seeds a worker runs between two reports: a few seconds of work. */
const reportSeeds = 250

/** A worker process of `runMany`: runs `count` seeds from `from` on, `step` apart, and reports to its parent. */
export async function runWorker([from = 1, count = 0, step = 1]: readonly number[]): Promise<void> {
  // Stacks are slow. The parent runs a failing seed again, with stacks.
  Error.stackTraceLimit = 0
  // The parent has ended.
  process.on('disconnect', () => process.exit())
  const runner = new SeedRunner()
  let figures = new Figures()
  let done = 0
  for (let at = 0; at < count; at += 1) {
    const end = await runner.run(from + at * step)
    figures.add(end.figures.counts)
    done += 1
    const failed = end.failure === null ? null : { seed: end.seed, failure: end.failure }
    if (failed === null && done < reportSeeds && at < count - 1) continue
    report({ done, counts: [...figures.counts], failed })
    if (failed !== null) break
    figures = new Figures()
    done = 0
  }
  runner.end()
  process.disconnect?.()
}

function report(sent: WorkerReport): void {
  process.send?.(sent)
}
