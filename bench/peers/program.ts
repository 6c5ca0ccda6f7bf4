/**
 * One of the compared systems, in a process of its own as in production, so that the systems share
 * neither compiled code nor memory; at the tiny size all of them. It ends when the process that started
 * it ends.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Lap, time } from '../measure/stopwatch.ts'
import type { OrderRange } from '../orders.ts'
import { openBudan } from './budan.ts'
import { openBullmq } from './bullmq.ts'
import { openBothAlone, openCreditsAlone, openQueriesAlone } from './halves.ts'
import { openPgBoss } from './pg-boss.ts'
import { openStory } from './story.ts'
import { type System, type SystemOptions, Watch } from './system.ts'

const openers = {
  budan: openBudan,
  story: openStory,
  bullmq: openBullmq,
  pgBoss: openPgBoss,
  queries: openQueriesAlone,
  credits: openCreditsAlone,
  both: openBothAlone,
}

export type ProgramName = keyof typeof openers
export type ProgramOptions = Omit<SystemOptions, 'watch'> & { readonly redisUrl: string }

/** Requests of the parent process to one of the systems; each is answered by one message. */
export type ProgramRequest = Action & { readonly name: ProgramName }

export type Action =
  | { readonly kind: 'open'; readonly options: ProgramOptions }
  | { readonly kind: 'place'; readonly range: OrderRange }
  | { readonly kind: 'vacuum' }
  /** Starts, stops after `count` credits, and answers with the time that these took. */
  | { readonly kind: 'credit'; readonly count: number }
  /**
   * The same for one credit, but at most for `msMax`; answers with the number of orders queried.
   */
  | { readonly kind: 'look'; readonly msMax: number }
  | { readonly kind: 'count credited'; readonly range: OrderRange }
  | { readonly kind: 'close' }

/** The answers to the parent's requests. */
export type ProgramMessage = { readonly done: Lap | number | null } | { readonly failed: string }

interface Opened {
  readonly system: System
  readonly watch: Watch
}

const opened = new Map<ProgramName, Opened>()

process.on('message', (request: ProgramRequest) => {
  answer(request).then(
    (done) => reply({ done }),
    (error: unknown) => reply({ failed: error instanceof Error ? error.message : String(error) }),
  )
})

process.once('disconnect', () => process.exit())

function reply(message: ProgramMessage): void {
  process.send?.(message)
}

async function answer(request: ProgramRequest): Promise<Lap | number | null> {
  const { name } = request
  if (request.kind === 'open') {
    const watch = new Watch()
    opened.set(name, { system: await openers[name]({ ...request.options, watch }), watch })
    return null
  }
  const one = opened.get(name)
  if (one === undefined) throw new Error(`${name} is not open`)
  return answerOf(one, request)
}

async function answerOf(
  { system, watch }: Opened,
  request: Exclude<Action, { kind: 'open' }>,
): Promise<Lap | number | null> {
  switch (request.kind) {
    case 'place':
      await system.place(request.range)
      return null
    case 'vacuum':
      await system.vacuum()
      return null
    case 'credit': {
      const lap = await time(request.count, () => untilCredited({ system, watch }, request.count))
      await system.stop()
      return lap
    }
    case 'look':
      await Promise.race([untilCredited({ system, watch }, 1), delay(request.msMax)])
      await system.stop()
      return watch.queried.size
    case 'count credited':
      return system.countCredited(request.range)
    case 'close':
      await system.close()
      return null
  }
}

async function untilCredited({ system, watch }: Opened, count: number): Promise<void> {
  const credited = watch.credits(count)
  await system.start()
  await credited
}
