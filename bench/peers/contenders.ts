import { type Forked, forkModule } from '../forked/fork-module.ts'
import type { InstantGateway } from '../gateway/start.ts'
import type { OrderRange } from '../orders.ts'
import type { Stage } from '../part.ts'
import type { Lap } from '../stopwatch.ts'
import type { ProgramMessage, ProgramName, ProgramOptions, ProgramRequest } from './program.ts'

export interface ComparisonSize {
  /**
   * Orders of each system in each repetition; a multiple of `slice`, of which each system takes one
   * in turn.
   */
  readonly orders: number
  /**
   * Orders before the first repetition: enough to compile all code, as in a service that has run
   * for a while.
   */
  readonly warmUp: number
  readonly slice: number
  /** Concurrent queries. */
  readonly concurrency: number
  /** Orders of one run of budan and of the story's algorithm. */
  readonly batchSize: number
  /** Unpaid orders that are older than the one paid order. */
  readonly unpaid: number
  /** How often each system searches for the paid order. */
  readonly searches: number
}

export interface Comparison extends ComparisonSize {
  readonly stage: Stage
  readonly gateway: InstantGateway
  readonly redisUrl: string
}

export const names = ['budan', 'story', 'bullmq', 'pgBoss'] as const
export type Name = (typeof names)[number]

/** The work that every system has to do. */
export const halves = ['queries', 'credits', 'both'] as const

export const titles: Readonly<Record<Name, string>> = {
  budan: 'budan',
  story: "the story's algorithm",
  bullmq: 'jobs on BullMQ',
  pgBoss: 'jobs on pg-boss',
}

/**
 * A system in a process of its own. Like `System`, but `credit()` and `look()` start and stop it.
 */
export interface Contender {
  place(range: OrderRange): Promise<void>
  vacuum(): Promise<void>
  /** Starts it, stops it after `count` credits, and resolves with the time that these took. */
  credit(count: number): Promise<Lap>
  /**
   * Runs it until one order is credited, but at most for `msMax`. Resolves with the number of
   * orders queried.
   */
  look(msMax: number): Promise<number>
  countCredited(range: OrderRange): Promise<number>
}

/** Opens the named systems, each with a new database, and closes them also when `work` fails. */
export async function withContenders<K extends ProgramName, T>(
  { gateway: { url, merchant }, concurrency, batchSize, redisUrl }: Comparison,
  wanted: readonly K[],
  work: (contenders: Readonly<Record<K, Contender>>) => Promise<T>,
): Promise<T> {
  const options = { gateway: { url, merchant }, concurrency, batchSize, redisUrl }
  const programs: Program[] = []
  try {
    const opened = wanted.map(async (name) => {
      const program: Program = await forkModule(new URL('./program.ts', import.meta.url))
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
