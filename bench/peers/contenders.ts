import type { InstantGateway } from '../gateway/start.ts'
import type { Stage } from '../part.ts'
import { openBudan } from './budan.ts'
import { openBullmq } from './bullmq.ts'
import { openPgBoss } from './pg-boss.ts'
import { openStory } from './story.ts'
import { type System, type SystemOptions, Watch } from './system.ts'

export interface ComparisonSize {
  /** Of each system in each repetition; a multiple of `slice`, which each takes in turn. */
  readonly orders: number
  readonly slice: number
  /** Questions at a time. */
  readonly concurrency: number
  /** Of budan's and of the story's runs. */
  readonly batchSize: number
  /** In front of the one order that was paid. */
  readonly unpaid: number
}

export interface Comparison extends ComparisonSize {
  readonly stage: Stage
  readonly gateway: InstantGateway
  readonly redisUrl: string
}

export const names = ['budan', 'story', 'bullmq', 'pgBoss'] as const
export type Name = (typeof names)[number]

export const titles: Readonly<Record<Name, string>> = {
  budan: 'budan',
  story: "the story's algorithm",
  bullmq: 'jobs on BullMQ',
  pgBoss: 'jobs on pg-boss',
}

export type Each<T> = Readonly<Record<Name, T>>
export type Contender = System & { readonly watch: Watch }

/** Opens all systems anew, and closes them whatever happens. */
export async function withContenders<T>(
  bench: Comparison,
  work: (contenders: Each<Contender>) => Promise<T>,
): Promise<T> {
  const opened: System[] = []
  const open = async (opening: (options: SystemOptions) => Promise<System>): Promise<Contender> => {
    const watch = new Watch()
    const system = await opening({ ...bench, watch })
    opened.push(system)
    return { ...system, watch }
  }
  const database = await bench.stage.freshDatabase('postgres')
  try {
    return await work({
      budan: await open((options) => openBudan({ ...options, database })),
      story: await open(openStory),
      bullmq: await open((options) => openBullmq({ ...options, redisUrl: bench.redisUrl })),
      pgBoss: await open(openPgBoss),
    })
  } finally {
    for (const system of opened) await system.close()
  }
}

export async function untilCredited({ watch, start }: Contender, count: number): Promise<void> {
  const credited = watch.credits(count)
  await start()
  await credited
}
