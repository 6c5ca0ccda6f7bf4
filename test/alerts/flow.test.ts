import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertConfig } from '../../src/config/config.ts'
import { redactorOf, secretsOf } from '../../src/config/redact.ts'
import { createLog, logEvents } from '../../src/telemetry/log.ts'
import { buildWeb } from '../../src/web/server.ts'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'
import { keys, openRobots, type Robots } from './robots.ts'

let robots: Robots
let world: World
/** The clock of the service, which the robots compare signatures with. */
let now: () => number

beforeEach(async () => {
  now = Date.now
  robots = await openRobots(() => now())
})
afterEach(async () => {
  await world.close()
  await robots.close()
})

const kinds = ['wecom', 'dingtalk', 'feishu', 'webhook'] as const

function configs(language: AlertConfig['language'] = 'en'): readonly AlertConfig[] {
  const secrets = { dingtalk: keys.dingtalkSecret, feishu: keys.feishuSecret }
  return kinds.map((kind) => ({
    ...{ name: `the-${kind}`, kind, url: robots.urls[kind], language },
    secret: { ...secrets, webhook: keys.webhookSecret, wecom: null }[kind],
  }))
}

async function open(options: Partial<WorldOptions> = {}): Promise<void> {
  world = await openWorld({ alerts: configs(), ...options })
  now = () => +world.now()
}

async function adopted(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await world.adopt(`ORDER-${n}`)
  await world.advanceMins(6)
}

/** What is due is sent when the service stops; nothing is sent after that. */
async function textsAtEnd(): Promise<Readonly<Record<string, readonly string[]>>> {
  await world.budan.stop()
  return Object.fromEntries(kinds.map((kind) => [kind, robots.texts(kind)]))
}

/** Paid, and not as ordered. */
const otherAmount = { answered: { amount: { total: 99 } } }

const run = () => world.budan.run({ dryRun: false })

describe('the service with alerts', () => {
  it.each(['en', 'zh'] as const)(
    'says exactly once in %s that a wrong key opened the breaker',
    async (language) => {
      await open({ alerts: configs(language) })
      await adopted(30)
      world.control.addFault({
        operation: 'query',
        fault: { kind: 'error', status: 401, code: 'SIGN_ERROR' },
      })
      for (let n = 0; n < 4; n += 1) {
        await run()
        await world.advanceMins(5)
      }
      const texts = await textsAtEnd()
      const title = language === 'en' ? 'Breaker opened' : '已熔断'
      for (const kind of kinds) {
        expect(texts[kind]).toEqual([expect.stringContaining(title)])
        expect(texts[kind]?.[0]).toMatch(/401[:：]/)
        expect(texts[kind]?.[0]).not.toContain('ORDER-')
      }
    },
  )

  it('says what needs a person, and nothing of ordinary credits and expiries', async () => {
    await open()
    await adopted(3)
    world.control.pay('ORDER-0')
    world.control.pay('ORDER-1', otherAmount)
    await run()
    expect((await world.order('ORDER-0')).status).toBe('paid')
    expect((await world.order('ORDER-1')).status).toBe('review')
    const texts = await textsAtEnd()
    for (const kind of kinds) {
      expect(texts[kind]).toHaveLength(1)
      expect(texts[kind]?.[0]).toMatch(/Order ORDER-1 is in review[\s\S]*amount is not the one/)
      expect(texts[kind]?.[0]).not.toMatch(/ORDER-0|0\.99|1\.00|u1/)
    }
  })

  it('credits as ever while every robot hangs, and stops in time', async () => {
    await open()
    robots.breakdown = 'hang'
    await adopted(20)
    for (let n = 0; n < 20; n += 1) world.control.pay(`ORDER-${n}`, n % 2 === 0 ? {} : otherAmount)
    await run()
    expect((await world.order('ORDER-18')).status).toBe('paid')
    const beganAt = performance.now()
    await world.budan.stop()
    expect(performance.now() - beganAt).toBeLessThan(10_000)
    const dropped = world.events.filter(({ type }) => type === 'alerts_dropped')
    expect(dropped).toHaveLength(kinds.length)
  })

  it('logs a robot that fails once, and back once, without its key, and counts', async () => {
    const [wecom] = configs()
    if (wecom === undefined) throw new Error('No alert')
    await open({ alerts: [{ ...wecom, url: wecom.url.replace(keys.wecom, 'another-KEY-1234') }] })
    await adopted(1)
    world.control.pay('ORDER-0', otherAmount)
    await run()
    await world.waitFor('robot_failing')
    const lines: string[] = []
    const log = createLog({ level: 'debug', format: 'json' }, { write: (line) => lines.push(line) })
    for (const event of world.events) logEvents(log, redactorOf(secretsOf(world.config)))(event)
    const failing = lines.filter((line) => line.includes('Alerts cannot be sent'))
    expect(failing).toHaveLength(1)
    expect(failing[0]).toContain('93000')
    expect(lines.join('')).not.toMatch(/another-KEY-1234|cgi-bin/)
    const { text } = await world.budan.metrics()
    expect(text).toContain('budan_alerts_total{robot="the-wecom",result="failed"} 1')
    expect(text).toContain('budan_alerts_total{robot="the-wecom",result="sent"} 0')
  })

  it('says that an audit is not 0, once for the same counts', async () => {
    await open()
    const web = await buildWeb(world.budan, {
      server: world.config.server,
      version: '1',
    })
    const audit = async () => (await web.inject({ url: '/v1/audit' })).json()
    expect(Object.values(await audit()).every((count) => count === 0)).toBe(true)
    const counts = await world.store.audit()
    Object.assign(world.store, { audit: async () => ({ ...counts, unbalanced: 2 }) })
    for (let n = 0; n < 3; n += 1) await audit()
    await web.close()
    const texts = await textsAtEnd()
    expect(texts.wecom).toEqual([expect.stringMatching(/books do not agree[\s\S]*unbalanced=2/)])
  })

  it('calls the heartbeat after each run, also one that found nothing', async () => {
    const url = robots.urls.heartbeat
    await open({ alerts: [{ name: 'dog', kind: 'heartbeat', url, secret: null, language: 'zh' }] })
    for (let n = 1; n <= 3; n += 1) {
      await run()
      await world.budan.stop()
      world.budan.start()
    }
    await world.budan.run({ dryRun: true })
    await world.budan.stop()
    expect(robots.requests.length).toBeGreaterThanOrEqual(3)
    expect(robots.requests.every(({ kind }) => kind === 'heartbeat')).toBe(true)
  })
})
