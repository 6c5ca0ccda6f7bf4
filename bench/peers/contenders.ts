import { type Forked, forkModule } from '../forked.ts'
import type { InstantGateway } from '../gateway/start.ts'
import type { OrderRange } from '../orders.ts'
import type { Stage } from '../part.ts'
import type { Lap } from '../stopwatch.ts'
import type { ProgramMessage, ProgramName, ProgramOptions, ProgramRequest } from './program.ts'

export interface ComparisonSize {
  /** Of each system in each repetition; a multiple of `slice`, which each takes in turn. */
  readonly orders: number
  /** The same, before the first: until all code is compiled as in a service that has run for a while. */
  readonly warmUp: number
  readonly slice: number
  /** Questions at a time. */
  readonly concurrency: number
  /** Of budan's and of the story's runs. */
  readonly batchSize: number
  /** In front of the one order that was paid. */
  readonly unpaid: number
  /** How often each looks for it. */
  readonly searches: number
}

export interface Comparison extends ComparisonSize {
  readonly stage: Stage
  readonly gateway: InstantGateway
  readonly redisUrl: string
}

export const names = ['budan', 'story', 'bullmq', 'pgBoss'] as const
export type Name = (typeof names)[number]

/** What none can do without. */
export const halves = ['queries', 'credits', 'both'] as const

export const titles: Readonly<Record<Name, string>> = {
  budan: 'budan',
  story: "the story's algorithm",
  bullmq: 'jobs on BullMQ',
  pgBoss: 'jobs on pg-boss',
}

/** A system in a process of its own. As `System`, but for what it is asked to do at once. */
export interface Contender {
  place(range: OrderRange): Promise<void>
  vacuum(): Promise<void>
  /** Resolves with what it took, once it is stopped. */
  credit(count: number): Promise<Lap>
  /** Until one order is credited, but no longer; resolves with about how many orders it has asked. */
  look(msMax: number): Promise<number>
  countCredited(range: OrderRange): Promise<number>
}

/** Opens those that are named anew, each with a database of its own, and ends them whatever happens. */
export async function withContenders<K extends ProgramName, T>(
  { gateway: { url, merchant }, concurrency, batchSize, redisUrl }: Comparison,
  wanted: readonly K[],
  work: (contenders: Readonly<Record<K, Contender>>) => Promise<T>,
): Promise<T> {
  const options = { gateway: { url, merchant }, concurrency, batchSize, redisUrl }
  const programs: Program[] = []
  try {
    const opened = wanted.map(async (name) => {
      const program: Program = forkModule(new URL('./program.ts', import.meta.url))
      programs.push(program)
      return [name, await openOn(program, { name, options })] as const
    })
    const contenders = Object.fromEntries(await Promise.all(opened)) as Record<K, Contender>
    const result = await work(contenders)
    for (const program of programs) await call(program, { kind: 'close' })
    return result
  } finally {
    await Promise.all(programs.map(({ stop }) => stop()))
  }
}

type Program = Forked<ProgramRequest, ProgramMessage>

async function openOn(
  program: Program,
  open: { readonly name: ProgramName; readonly options: ProgramOptions },
): Promise<Contender> {
  await call(program, { kind: 'open', ...open })
  return {
    place: async (range) => void (await call(program, { kind: 'place', range })),
    vacuum: async () => void (await call(program, { kind: 'vacuum' })),
    credit: (count) => call<Lap>(program, { kind: 'credit', count }),
    look: (msMax) => call<number>(program, { kind: 'look', msMax }),
    countCredited: (range) => call<number>(program, { kind: 'count credited', range }),
  }
}

async function call<T>(program: Program, request: ProgramRequest): Promise<T> {
  const answer = await program.send(request)
  if ('failed' in answer) throw new Error(answer.failed)
  return answer.done as T
}
