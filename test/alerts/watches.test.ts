import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Alerts } from '../../src/alerts/alerts.ts'
import { Heartbeat, heartbeatRequest } from '../../src/alerts/robots/heartbeat.ts'
import { post } from '../../src/alerts/robots/post.ts'
import { type ReadLastRun, RunWatch } from '../../src/alerts/run-watch.ts'
import type { Event } from '../../src/domain/event.ts'
import { sampleRun } from '../support/samples.ts'
import { openRobots, type Robots } from './robots.ts'
import { SteppedTime } from './stepped-time.ts'

const minute = 60_000
const finished: Event = { type: 'run_finished', run: sampleRun({}) }

describe('RunWatch', () => {
  function open(lastRun: ReadLastRun = async () => null, runDeadlineMs = 5 * minute) {
    const time = new SteppedTime(0)
    const emitted: string[] = []
    const watch = new RunWatch({
      ...{ policy: { intervalMs: 5 * minute, runDeadlineMs }, time, lastRun },
      emit: ({ type }) => void emitted.push(type),
    })
    watch.begin()
    return { time, watch, emitted }
  }

  it('notices that no run finished for two intervals, once, and that they are back', async () => {
    const { time, watch, emitted } = open()
    await time.step(10 * minute)
    expect(emitted).toEqual([])
    await time.step(3 * minute)
    expect(emitted).toEqual(['runs_missing'])
    await time.step(60 * minute)
    expect(emitted).toEqual(['runs_missing'])
    watch.receive(finished)
    expect(emitted).toEqual(['runs_missing', 'runs_back'])
    await time.step(13 * minute)
    expect(emitted).toEqual(['runs_missing', 'runs_back', 'runs_missing'])
  })

  it('is quiet while this node finishes runs, and reads nothing', async () => {
    const reads: number[] = []
    const { time, watch, emitted } = open(async () => {
      reads.push(1)
      return null
    })
    for (let n = 0; n < 50; n += 1) {
      await time.step(5 * minute)
      watch.receive(n % 2 === 0 ? finished : { type: 'scan_empty', run: sampleRun({}) })
    }
    expect({ emitted, reads }).toEqual({ emitted: [], reads: [] })
  })

  it('is quiet while another node finishes them, and sees there that they are back', async () => {
    const last = { ageMs: minute }
    const { time, emitted } = open(async () => ({ at: new Date(0), ageMs: last.ageMs }))
    await time.step(120 * minute)
    expect(emitted).toEqual([])
    last.ageMs = 30 * minute
    await time.step(15 * minute)
    expect(emitted).toEqual(['runs_missing'])
    last.ageMs = minute
    await time.step(5 * minute)
    expect(emitted).toEqual(['runs_missing', 'runs_back'])
  })

  it('takes a database that fails for one without runs', async () => {
    const { time, emitted } = open(() => Promise.reject(new Error('away')))
    await time.step(15 * minute)
    expect(emitted).toEqual(['runs_missing'])
  })

  it('gives runs of large batches their own time', async () => {
    const { time, emitted } = open(async () => null, 30 * minute)
    await time.step(34 * minute)
    expect(emitted).toEqual([])
    await time.step(5 * minute)
    expect(emitted).toEqual(['runs_missing'])
  })

  it('notices nothing after its end', async () => {
    const { time, watch, emitted } = open()
    watch.end()
    await time.step(60 * minute)
    expect(emitted).toEqual([])
  })
})

describe('Heartbeat', () => {
  let robots: Robots
  let emitted: Event[]
  beforeEach(async () => {
    robots = await openRobots()
    emitted = []
  })
  afterEach(() => robots.close())

  const open = (url = robots.urls.heartbeat) =>
    new Heartbeat({ name: 'dog', url, emit: (event) => void emitted.push(event), send: post })

  it('calls once for a run, and once for those that finish meanwhile', async () => {
    const heartbeat = open()
    heartbeat.call()
    for (let n = 0; n < 10; n += 1) heartbeat.call()
    await until(() => robots.requests.length === 2)
    await heartbeat.end(3000)
    expect(robots.requests).toHaveLength(2)
    expect(robots.requests[0]).toMatchObject({ kind: 'heartbeat', body: '' })
    heartbeat.call()
    await heartbeat.end(3000)
    expect(robots.requests).toHaveLength(2)
  })

  it('logs once that it fails, and once that it is back', async () => {
    const heartbeat = open()
    robots.breakdown = 'cut'
    for (let n = 1; n <= 3; n += 1) {
      heartbeat.call()
      await until(() => emitted.filter(({ type }) => type === 'alert_unsent').length === n)
    }
    robots.breakdown = null
    heartbeat.call()
    await until(() => emitted.some(({ type }) => type === 'alert_sent'))
    await heartbeat.end(3000)
    expect(emitted.map(({ type }) => type)).toEqual([
      ...['alert_unsent', 'robot_failing', 'alert_unsent', 'alert_unsent'],
      ...['alert_sent', 'robot_recovered'],
    ])
  })

  it('ends in time while its watchdog hangs', async () => {
    const heartbeat = open()
    robots.breakdown = 'hang'
    heartbeat.call()
    await heartbeat.end(20)
    expect(emitted.map(({ type }) => type)).toEqual(['alert_unsent', 'robot_failing'])
  })
})

describe('post()', () => {
  it('says what went wrong, and nothing of the url', async () => {
    const url = 'http://127.0.0.1:9/hook/0a7f4b1e8ed54a4c?key=693a91f6'
    const failed = await post(heartbeatRequest(url), new AbortController().signal).catch(String)
    expect(failed).toBe('Error: ECONNREFUSED')
  })
})

describe('Alerts', () => {
  it('calls heartbeats for runs that did something, and not for dry ones', async () => {
    const robots = await openRobots()
    const url = robots.urls.heartbeat
    const configs = [{ name: 'dog', kind: 'heartbeat', url, secret: null, language: 'en' } as const]
    const alerts = new Alerts({ configs, clock: () => new Date(), emit: () => {} })
    alerts.receive({ type: 'run_finished', run: sampleRun({ dryRun: true }) })
    alerts.receive({ type: 'scan_failed', error: new Error('away'), durationMs: 1 })
    await alerts.end()
    expect(robots.requests).toHaveLength(0)
    alerts.begin()
    alerts.receive(finished)
    await alerts.end()
    expect(robots.requests).toHaveLength(1)
    await robots.close()
  })
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}
