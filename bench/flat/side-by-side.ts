import { median } from '../figure.ts'

/** The same thing for a small table and for a large one. */
export interface Pair<T> {
  readonly small: T
  readonly large: T
}

export interface Repeated {
  /** See `firstRepetition`. */
  readonly first: 0 | 1
  readonly repetitions: number
}

/** The milliseconds of each execution. */
export type Laps = Pair<readonly number[]>

export async function both<T, U>(
  { small, large }: Pair<T>,
  work: (one: T) => Promise<U>,
): Promise<Pair<U>> {
  return { small: await work(small), large: await work(large) }
}

/** Alternates between the two, so that other load on the machine affects both alike. */
export async function alternate<T>(
  { small, large }: Pair<T>,
  { times, work }: { times: number; work: (one: T, time: number) => Promise<unknown> },
): Promise<Laps> {
  const laps = { small: [] as number[], large: [] as number[] }
  for (let time = 0; time < times; time += 1) {
    laps.small.push(await lapMs(() => work(small, time)))
    laps.large.push(await lapMs(() => work(large, time)))
  }
  return laps
}

export function growthOf({ small, large }: Laps): number {
  return median(large) / median(small)
}

export async function lapMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
