import { type Forked, forkModule } from '../forked/fork-module.ts'
import type { InstantGateway } from '../gateway/start.ts'
import type { Lap } from '../measure/stopwatch.ts'
import type { OrderRange } from '../orders.ts'
import type { Stage } from '../part.ts'
import type {
  Action,
  ProgramMessage,
  ProgramName,
  ProgramOptions,
  ProgramRequest,
} from './program.ts'

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
  close(): Promise<void>
}

/**
 * Opens the named systems, each with a new database, and closes them also when `work` fails. Each has a
 * process of its own; at the tiny size they share one, because no figure matters there.
 */
export async function withContenders<K extends ProgramName, T>(
  { stage, gateway: { url, merchant }, concurrency, batchSize, redisUrl }: Comparison,
  wanted: readonly K[],
  work: (contenders: Readonly<Record<K, Contender>>) => Promise<T>,
): Promise<T> {
  const options = { gateway: { url, merchant }, concurrency, batchSize, redisUrl }
  const programs: Program[] = []
  const start = async () => {
    const program: Program = await forkModule(new URL('./program.ts', import.meta.url))
    programs.push(program)
    return program
  }
  try {
    const shared = stage.size === 'tiny' ? await start() : null
    const opened: (readonly [K, Contender])[] = []
    for (const name of wanted) {
      opened.push([name, await openOn(shared ?? (await start()), { name, options })])
    }
    const result = await work(Object.fromEntries(opened) as Record<K, Contender>)
    for (const [, contender] of opened) await contender.close()
    return result
  } finally {
    await Promise.all(programs.map(({ stop }) => stop()))
  }
}

type Program = Forked<ProgramRequest, ProgramMessage>

async function openOn(
  program: Program,
  { name, options }: { readonly name: ProgramName; readonly options: ProgramOptions },
): Promise<Contender> {
  const call = async <T>(action: Action): Promise<T> => {
    const answer = await program.send({ name, ...action })
    if ('failed' in answer) throw new Error(answer.failed)
    return answer.done as T
  }
  await call({ kind: 'open', options })
  return {
    place: (range) => call({ kind: 'place', range }),
    vacuum: () => call({ kind: 'vacuum' }),
    credit: (count) => call({ kind: 'credit', count }),
    look: (msMax) => call({ kind: 'look', msMax }),
    countCredited: (range) => call({ kind: 'count credited', range }),
    close: () => call({ kind: 'close' }),
  }
}
