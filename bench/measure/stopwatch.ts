import { cpus } from 'node:os'

/** The time that a number of equal pieces of work took. */
export interface Lap {
  readonly count: number
  readonly seconds: number
  /** CPU time of this process alone, with all its threads. */
  readonly cpuSeconds: number
  /** Busy time of all cores, for all processes together. */
  readonly machineSeconds: number
}

export async function time(count: number, work: () => Promise<void>): Promise<Lap> {
  const cpu = process.cpuUsage()
  const busy = machineBusySeconds()
  const started = performance.now()
  await work()
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const machineSeconds = machineBusySeconds() - busy
  return { count, seconds, cpuSeconds: (user + system) / 1e6, machineSeconds }
}

/** The system counts in hundredths of a second. */
function machineBusySeconds(): number {
  const busyMs = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq)
  return busyMs.reduce((sum, ms) => sum + ms, 0) / 1000
}

/** The sum of laps of the same work. */
export class Laptimes {
  #count = 0
  #seconds = 0
  #cpuSeconds = 0
  #machineSeconds = 0

  add({ count, seconds, cpuSeconds, machineSeconds }: Lap): void {
    this.#count += count
    this.#seconds += seconds
    this.#cpuSeconds += cpuSeconds
    this.#machineSeconds += machineSeconds
  }

  /** Pieces per second. */
  get rate(): number {
    return this.#count / this.#seconds
  }

  /** CPU time of this process for one piece. */
  get cpuMicros(): number {
    return (this.#cpuSeconds / this.#count) * 1e6
  }

  /** Busy time of all cores for one piece. */
  get machineMicros(): number {
    return (this.#machineSeconds / this.#count) * 1e6
  }
}

/** Calls `work` once for each item, with at most `concurrency` calls at a time. */
export async function eachAtOnce<T>(
  items: readonly T[],
  { concurrency, work }: { concurrency: number; work: (item: T) => Promise<void> },
): Promise<void> {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}
