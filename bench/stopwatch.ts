/** What a number of equal pieces of work took. */
export interface Lap {
  readonly count: number
  readonly seconds: number
  /** Pieces a second. */
  readonly rate: number
  /** Of this process alone, all its threads: microseconds of CPU for each piece. */
  readonly cpuMicros: number
}

export async function time(count: number, work: () => Promise<void>): Promise<Lap> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await work()
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { count, seconds, rate: count / seconds, cpuMicros: (user + system) / count }
}

/** Calls `work` once for each item, `concurrency` of them at a time. */
export async function eachAtOnce<T>(
  items: readonly T[],
  { concurrency, work }: { concurrency: number; work: (item: T) => Promise<void> },
): Promise<void> {
  const left = items.values()
  const lane = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
}
