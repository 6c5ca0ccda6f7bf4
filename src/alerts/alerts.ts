import { hostname } from 'node:os'
import type { AlertConfig } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import type { Emit, Event } from '../domain/event.ts'
import type { SchedulePolicy } from '../domain/runs/schedule.ts'
import { Facts } from './facts.ts'
import { Ongoing } from './ongoing.ts'
import { RobotQueue } from './queue.ts'
import { Heartbeat } from './robots/heartbeat.ts'
import { robotOf } from './robots/open-robot.ts'
import { post } from './robots/post.ts'
import { type ReadLastRun, RunWatch } from './run-watch.ts'
import { processTime, type Time } from './time.ts'

export interface AlertsParts {
  readonly configs: readonly AlertConfig[]
  readonly emit: Emit
  readonly clock: Clock
  readonly time?: Time
  readonly random?: () => number
  /** Absent: runs are not made by the clock, so nobody waits for one. */
  readonly watching?: { readonly policy: SchedulePolicy; readonly lastRun: ReadLastRun }
}

/** A stop waits this long for what is under way: the robots answer within tenths of a second. */
const graceMs = 3_000

/** Notifies people of what they must know. Holds up nobody: `receive` returns at once, and never throws. */
export class Alerts {
  readonly #facts: Facts
  readonly #ongoing = new Ongoing()
  readonly #queues: readonly RobotQueue[]
  readonly #heartbeats: readonly Heartbeat[]
  readonly #watch: RunWatch | null

  constructor({ configs, emit, clock, watching, ...parts }: AlertsParts) {
    const { time = processTime, random = Math.random } = parts
    this.#facts = new Facts(clock)
    this.#queues = configs.flatMap((config) => {
      const robot = robotOf(config)
      if (robot === null) return []
      const { name, language: locale } = config
      const shared = { emit, clock, time, random, send: post, ongoing: () => this.#ongoing.all() }
      return [new RobotQueue({ name, robot, locale, node: nodeName(), ...shared })]
    })
    this.#heartbeats = configs
      .filter(({ kind }) => kind === 'heartbeat')
      .map(({ name, url }) => new Heartbeat({ name, url, emit, send: post }))
    this.#watch = watching === undefined ? null : new RunWatch({ ...watching, emit, time })
  }

  receive(event: Event): void {
    this.#watch?.receive(event)
    if (isFinishedRun(event)) for (const heartbeat of this.#heartbeats) heartbeat.call()
    const alert = this.#facts.alertOf(event)
    if (alert === null) return
    this.#ongoing.receive(alert)
    for (const queue of this.#queues) queue.add(alert)
  }

  /** Runs are made by the clock from now on. */
  begin(): void {
    for (const each of [...this.#queues, ...this.#heartbeats]) each.begin()
    this.#watch?.begin()
  }

  /** Sends what can be sent within 3 s, and nothing after it resolves. */
  async end(): Promise<void> {
    this.#watch?.end()
    const ending = [...this.#queues, ...this.#heartbeats].map((each) => each.end(graceMs))
    await Promise.all(ending)
  }
}

/** A dry run shows what would be done: it does nothing. */
function isFinishedRun(event: Event): boolean {
  return (event.type === 'run_finished' || event.type === 'scan_empty') && !event.run.dryRun
}

/** As the operators of the machine know it; in a container, its id. */
export function nodeName(): string {
  return hostname()
}
