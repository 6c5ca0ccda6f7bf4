import { type ChildProcess, fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Arguments } from './arguments.ts'
import type { Failure } from './failure.ts'
import { Figures } from './figures.ts'
import { describeFailure, describeFigures, figuresJson } from './report.ts'
import { SeedRunner } from './seed.ts'

/** What a worker process sends between seeds; see `worker.ts`. */
export interface WorkerReport {
  readonly done: number
  readonly counts: readonly (readonly [string, number])[]
  readonly failed: { readonly seed: number; readonly failure: Failure } | null
}

/** Runs one seed and prints its result. Returns true if it was clean. */
export async function runOne({ from: seed, traced }: Arguments): Promise<boolean> {
  const runner = new SeedRunner()
  const end = await runner.run(seed, { traced: true })
  runner.end()
  if (traced) process.stdout.write(`${end.trace.lines.join('\n')}\n`)
  process.stdout.write(
    end.failure === null
      ? `seed ${seed}: clean, trace ${end.hash}, ${end.figures.of('events')} events\n`
      : describeFailure(end),
  )
  return end.failure === null
}

/** Runs many seeds in worker processes. The first failure ends all. Returns true if all were clean. */
export async function runMany(given: Arguments): Promise<boolean> {
  const startedAt = performance.now()
  const figures = new Figures()
  const failed: number[] = []
  let done = 0
  const workers = Array.from({ length: given.jobs }, (_, job) => startWorker(given, job))
  const exits = workers.map((worker) =>
    receiveReports(worker, (report) => {
      done += report.done
      figures.add(report.counts)
      showProgress(done, { of: given.count, sinceMs: performance.now() - startedAt })
      if (report.failed === null) return
      failed.push(report.failed.seed)
      for (const each of workers) each.kill()
    }),
  )
  await Promise.all(exits)
  const wallMs = performance.now() - startedAt
  process.stderr.write('\n')
  const seed = failed.sort((one, other) => one - other)[0]
  if (seed !== undefined) await runOne({ ...given, from: seed, traced: false })
  process.stdout.write(describeFigures(figures, wallMs))
  if (given.jsonPath !== null) {
    writeFileSync(given.jsonPath, figuresJson(figures, { wallMs, from: given.from, failed }))
  }
  if (seed === undefined && done !== given.count) {
    throw new Error(`A worker ended early: ${done} of ${given.count} seeds were run`)
  }
  return seed === undefined
}

function startWorker({ from, count, jobs }: Arguments, job: number): ChildProcess {
  // Each worker takes every jobs-th seed, so that all advance through the range together.
  const seeds = Math.ceil((count - job) / jobs)
  return fork(join(import.meta.dirname, 'main.ts'), [
    'worker',
    String(from + job),
    String(Math.max(0, seeds)),
    String(jobs),
  ])
}

function receiveReports(
  worker: ChildProcess,
  onReport: (report: WorkerReport) => void,
): Promise<void> {
  worker.on('message', (report) => onReport(report as WorkerReport))
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', () => resolve())
  })
}

function showProgress(done: number, { of, sinceMs }: { of: number; sinceMs: number }): void {
  const perSec = Math.round((done * 1000) / sinceMs)
  const line = `${done} of ${of} seeds, ${perSec} a second`
  process.stderr.write(process.stderr.isTTY ? `\r${line}   ` : `${line}\n`)
}
