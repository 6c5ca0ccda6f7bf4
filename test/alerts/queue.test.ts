import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '../../src/alerts/alert.ts'
import { Ongoing } from '../../src/alerts/ongoing.ts'
import { RobotQueue } from '../../src/alerts/queue.ts'
import { robotOf } from '../../src/alerts/robots/open-robot.ts'
import { post } from '../../src/alerts/robots/post.ts'
import type { AlertConfig } from '../../src/config/config.ts'
import type { Event } from '../../src/domain/event.ts'
import { keys, openRobots, type Robots } from './robots.ts'
import { SteppedTime } from './stepped-time.ts'

const start = Date.parse('2026-01-24T07:00:00Z')
const minute = 60_000

let time: SteppedTime
let robots: Robots
let events: Event[]
const ongoing = { state: new Ongoing() }

beforeEach(async () => {
  time = new SteppedTime(start)
  robots = await openRobots(() => time.now())
  events = []
  ongoing.state = new Ongoing()
})
afterEach(() => robots.close())

type Kind = Exclude<AlertConfig['kind'], 'heartbeat'>

const secretOf: Readonly<Record<Kind, string | null>> = {
  ...{ wecom: null, dingtalk: keys.dingtalkSecret },
  ...{ feishu: keys.feishuSecret, webhook: keys.webhookSecret },
}

function open(kind: Kind, changes: Partial<AlertConfig> = {}) {
  const config: AlertConfig = {
    ...{ name: kind, kind, url: robots.urls[kind], secret: secretOf[kind], language: 'en' },
    ...changes,
  }
  const robot = robotOf(config)
  if (robot === null) throw new Error('No robot')
  const queue = new RobotQueue({
    ...{ name: config.name, robot, locale: config.language, node: 'node-1', time },
    clock: () => new Date(time.now()),
    emit: (event) => void events.push(event),
    random: () => 0,
    ongoing: () => ongoing.state.all(),
    send: (request, signal) => time.track(post(request, signal)),
  })
  const add = (...alerts: readonly Alert[]) => {
    for (const alert of alerts) {
      ongoing.state.receive(alert)
      queue.add(alert)
    }
  }
  return { queue, add }
}

function review(orderNo: string): Alert {
  const at = new Date(time.now())
  const reason = { code: 'refund_started' } as const
  return { type: 'review_opened', at, merchant: null, orderNo, reason }
}

function breaker(type: 'breaker_opened' | 'breaker_closed', merchant: string | null = null): Alert {
  const at = new Date(time.now())
  return type === 'breaker_opened' ? { type, at, merchant, reason: '401' } : { type, at, merchant }
}

function typesOf(type: Event['type']): number {
  return events.filter((event) => event.type === type).length
}

const kinds: readonly Kind[] = ['wecom', 'dingtalk', 'feishu', 'webhook']

describe.each(kinds)('RobotQueue to %s', (kind) => {
  it('says the first at once, and what comes after in a summary each 5 minutes', async () => {
    const { add } = open(kind)
    add(review('A1'))
    await time.settle()
    expect(robots.texts(kind)).toEqual([expect.stringContaining('Order A1 is in review')])
    for (let n = 2; n <= 60; n += 1) {
      add(review(`A${n}`))
      await time.step(4000)
    }
    expect(robots.texts(kind)).toHaveLength(1)
    await time.step(2 * minute)
    expect(robots.texts(kind)).toHaveLength(2)
    expect(robots.texts(kind)[1]).toMatch(/59 alerts since[\s\S]*orders in review: 59 \(.*A60/)
    await time.step(60 * minute)
    expect(robots.texts(kind)).toHaveLength(2)
    add(review('B1'))
    await time.settle()
    expect(robots.texts(kind)[2]).toContain('Order B1 is in review')
    expect(typesOf('alert_sent')).toBe(3)
    expect(typesOf('alert_unsent')).toBe(0)
  })

  it('says another type at once, while one is quiet, and puts both together', async () => {
    const { add } = open(kind)
    add(review('A1'))
    await time.step(1000)
    add(review('A2'))
    await time.step(1000)
    add(breaker('breaker_opened'))
    await time.settle()
    expect(robots.texts(kind)).toHaveLength(2)
    expect(robots.texts(kind)[1]).toMatch(/orders in review: 1[\s\S]*breaker opened: 1/)
    await time.step(60 * minute)
    expect(robots.texts(kind)).toHaveLength(2)
  })

  it('says what comes and goes all the time twice, and then how it stands', async () => {
    const { add } = open(kind)
    for (let n = 0; n < 100; n += 1) {
      add(breaker('breaker_opened'))
      await time.step(500)
      if (n < 99) add(breaker('breaker_closed'))
      await time.step(500)
    }
    expect(robots.texts(kind)).toHaveLength(2)
    await time.step(5 * minute)
    const texts = robots.texts(kind)
    expect(texts).toHaveLength(3)
    expect(texts[2]).toMatch(
      /breaker opened: 99[\s\S]*breaker closed: 98[\s\S]*now: Breaker opened/,
    )
  })

  it('is down for three days, keeps little, and says counts and the newest state then', async () => {
    const { add } = open(kind)
    robots.breakdown = 'cut'
    for (let hour = 0; hour < 72; hour += 1) {
      for (let n = 0; n < 20; n += 1) add(review(`H${hour}-${n}`))
      if (hour === 10) add(breaker('breaker_opened', 'shop-b'))
      await time.step(60 * minute)
    }
    expect(typesOf('robot_failing')).toBe(1)
    // Each 5 minutes, after the first tries.
    expect(typesOf('alert_unsent')).toBeGreaterThan(800)
    expect(typesOf('alert_unsent')).toBeLessThan(900)
    robots.breakdown = null
    await time.step(6 * minute)
    expect(robots.texts(kind)).toHaveLength(1)
    expect(robots.texts(kind)[0]).toMatch(
      /1441 alerts since 2026-01-24T15:00:00\+08:00[\s\S]*orders in review: 1440 \(.*H71-19[\s\S]*now: Breaker opened/,
    )
    expect(robots.texts(kind)[0]).not.toContain('H70-')
    expect(typesOf('robot_recovered')).toBe(1)
  })

  it('ends with what it can send, and sends nothing later', async () => {
    const { add, queue } = open(kind)
    add(review('A1'))
    await time.step(1000)
    add(review('A2'))
    await queue.end(3000)
    expect(robots.texts(kind)).toHaveLength(2)
    add(review('A3'))
    await time.step(60 * minute)
    expect(robots.texts(kind)).toHaveLength(2)
    queue.begin()
    add(review('A4'))
    await time.step(5 * minute)
    expect(robots.texts(kind)[2]).toContain('A4')
  })

  it.each(['cut', 'hang'] as const)('ends in time while its robot is broken (%s)', async (how) => {
    const { add, queue } = open(kind)
    robots.breakdown = how
    add(review('A1'), review('A2'))
    const ended = queue.end(3000)
    // A request that hangs never settles, so only the waits are stepped.
    for (let n = 0; n < 50 && how === 'hang'; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const stepped = how === 'hang' ? time.endWaits() : undefined
    await ended
    await stepped
    expect(events).toContainEqual({ type: 'alerts_dropped', robot: kind, count: 2 })
    robots.breakdown = null
    await time.step(60 * minute)
    expect(robots.requests).toEqual([])
  })

  it('goes on when pages come in the place of answers', async () => {
    const { add } = open(kind)
    robots.breakdown = 'page'
    add(review('A1'))
    await time.settle()
    // A program of one's own has no code: its status is its answer.
    if (kind === 'webhook') return expect(typesOf('alert_sent')).toBe(1)
    expect(events).toContainEqual({
      ...{ type: 'robot_failing', robot: kind, reason: 'HTTP 200, and no code' },
    })
    robots.breakdown = null
    await time.step(5000)
    expect(robots.texts(kind)).toEqual([expect.stringContaining('A1')])
  })
})

describe('RobotQueue', () => {
  it('judges by the code: 200 with a refusal is tried again, and logged once', async () => {
    const { add } = open('wecom', { url: robots.urls.wecom.replace(keys.wecom, 'wrong-key') })
    add(review('A1'))
    await time.step(60 * minute)
    expect(robots.requests.length).toBeGreaterThan(10)
    expect(robots.texts('wecom')).toEqual([])
    expect(events.filter(({ type }) => type === 'robot_failing')).toEqual([
      { type: 'robot_failing', robot: 'wecom', reason: '93000: invalid webhook url' },
    ])
  })

  it.each([
    ['dingtalk', 'SEC-of-another', /^310000: sign not match/],
    ['feishu', 'another', /^19021: sign match fail/],
  ] as const)('logs what %s says of a wrong secret', async (kind, secret, reason) => {
    const { add } = open(kind, { secret })
    add(review('A1'))
    await time.settle()
    expect(events).toContainEqual(
      expect.objectContaining({ reason: expect.stringMatching(reason) }),
    )
  })

  it('waits 10 minutes when DingTalk has had too many, from whichever node', async () => {
    const { add } = open('dingtalk')
    const other = robotOf({
      ...{ name: 'other', kind: 'dingtalk', url: robots.urls.dingtalk, language: 'en' },
      secret: keys.dingtalkSecret,
    })
    const message = { kind: 'test', text: 'budan', node: '', collected: [], ongoing: [] } as const
    for (let n = 0; n < 21; n += 1) {
      const at = new Date(time.now())
      const request = other?.request({ ...message, at }, at)
      if (request !== undefined) await post(request, new AbortController().signal)
    }
    add(review('A1'))
    await time.step(9 * minute)
    expect(robots.texts('dingtalk').filter((text) => text.includes('A1'))).toEqual([])
    // A try within the silence would only have made it longer.
    expect(robots.requests).toHaveLength(22)
    await time.step(2 * minute)
    expect(robots.texts('dingtalk').filter((text) => text.includes('A1'))).toHaveLength(1)
  })

  it('keeps within the limits of the robots, however much there is to say', async () => {
    for (const kind of ['wecom', 'dingtalk', 'feishu'] as const) {
      const { add } = open(kind)
      // Every robot would refuse the message that is one too many.
      const types = ['breaker_opened', 'clocks_disagree', 'runs_missing', 'falling_behind'] as const
      for (let n = 0; n < 200; n += 1) {
        const type = types[n % types.length] ?? 'runs_missing'
        add({ type, at: new Date(time.now()), merchant: `m${n}`, ...parametersOf } as Alert)
        await time.step(100)
      }
      await time.step(60 * minute)
    }
    expect(typesOf('alert_unsent')).toBe(0)
    expect(robots.texts('wecom').length).toBeGreaterThan(4)
  })

  it('cuts a text to what WeCom takes', async () => {
    const { add } = open('wecom', { language: 'zh' })
    for (let n = 0; n < 50; n += 1) {
      const merchant = `merchant-${n}`
      add({ ...breaker('breaker_opened', merchant), reason: '说明'.repeat(300) } as Alert)
    }
    await time.settle()
    expect(robots.texts('wecom')).toHaveLength(1)
    expect(Buffer.byteLength(robots.texts('wecom')[0] ?? '')).toBeLessThanOrEqual(2048)
  })
})

const parametersOf = { reason: '401', detail: 'x', lastFinishedAt: null, remaining: 1 }
