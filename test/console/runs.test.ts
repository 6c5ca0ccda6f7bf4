import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { runOfMerchant } from '../contract/store-fixtures.ts'
import { breakableStore } from '../support/breakable-store.ts'
import { keyOf } from '../support/order-key.ts'
import { freshStore } from '../support/stores.ts'
import { useWorlds, type World, type WorldOptions } from '../support/world.ts'
import { Visit } from './visit.ts'

/** The pages of runs on the real thing: a real database, and the gateway's simulator over HTTP. */

const openWorld = useWorlds()
const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

const query = 'query' as const
/** A query that waits for its answer until the gateway goes away: `release`. */
const held = { kind: 'hang' } as const
const patient = { timeoutMs: 60_000 }
const release = (world: World) => world.simulator.stop()

async function open(options: WorldOptions = {}) {
  const world = await openWorld(options)
  return { world, desk: await deskOf(world) }
}

async function deskOf(world: World, locale = 'en') {
  const app = await buildWeb(world.budan, {
    ...{ server: world.config.server, version: '0', clock: world.now },
  })
  apps.push(app)
  const visit = new Visit(app, { 'accept-language': locale })
  return {
    read: async (path: string, headers = {}) => {
      const answer = await visit.get(path, headers)
      return { ...answer, status: answer.statusCode, text: textOf(answer.body) }
    },
    press: async (kind: string) => {
      const _csrf = await visit.csrf('/runs')
      const answer = await visit.post('/runs', { _csrf, kind })
      return { ...answer, status: answer.statusCode, text: textOf(answer.body) }
    },
  }
}

type Desk = Awaited<ReturnType<typeof deskOf>>

function textOf(html: string): string {
  return html
    .replace(/<head>.*?<\/head>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
}

/** Presses the button, and returns the path of the run's page. */
async function begin(desk: Desk, kind: 'now' | 'dry' = 'now'): Promise<string> {
  const { status, headers } = await desk.press(kind)
  expect(status).toBe(303)
  expect(headers.location).toMatch(/^\/runs\/\d+$/)
  return String(headers.location)
}

const fragment = (desk: Desk, path: string) =>
  desk.read(`${path}/progress`, { 'hx-request': 'true' })

const ended = (world: World, from = 0) => world.waitFor('run_finished', { from })

async function adopt(world: World, ...orderNos: readonly string[]): Promise<void> {
  for (const orderNo of orderNos) await world.adopt(orderNo)
  await world.advanceMins(6)
}

/** Everything that a run may write, but its own record. */
async function tables({ store }: World, orderNos: readonly string[]): Promise<unknown> {
  const all = { limit: 200, cursor: null }
  return {
    orders: await store.listOrders({ ...all, status: null, userId: null }),
    events: await Promise.all(
      orderNos.map((orderNo) => store.listOrderEvents(keyOf(orderNo), all)),
    ),
    entries: await store.listEntries('u1', all),
  }
}

describe('run now', () => {
  it('credits what was paid, though the clock is off, and shows what became of each order', async () => {
    const { world, desk } = await open({ recharge: { compensationEnabled: false } })
    await adopt(world, 'ORDER-1', 'ORDER-2')
    world.control.pay('ORDER-2', { callback: false })
    const path = await begin(desk)
    await ended(world)
    expect(await world.balance('u1')).toBe(100n)
    const { text, body } = await desk.read(path)
    expect(text).toContain('2 orders queried. 1 credited · 1 waiting')
    expect(text).toMatch(/ORDER-2 ✓ credited SUCCESS paid, everything as ordered/)
    expect(text).toMatch(/ORDER-1 waiting NOTPAY not paid yet/)
    expect(body).toContain('href="/orders/ORDER-2"')
    expect(body).not.toContain('hx-get')
  })

  it('shows it in Chinese, the reasons too', async () => {
    const { world } = await open()
    await adopt(world, 'ORDER-1', 'ORDER-2')
    world.control.pay('ORDER-2', { callback: false })
    const desk = await deskOf(world, 'zh')
    const path = await begin(desk)
    await ended(world)
    const { text } = await desk.read(path)
    expect(text).toContain('共查询 2 笔订单。')
    expect(text).toMatch(/ORDER-2 ✓ 已入账 SUCCESS 已支付，各项与订单一致/)
    expect(text).toMatch(/ORDER-1 继续等待 NOTPAY 尚未支付/)
  })

  it('says that nothing was due, and when an order is', async () => {
    const { world, desk } = await open()
    const path = await begin(desk)
    await world.waitFor('scan_empty')
    expect((await desk.read(path)).text).toContain('is due 5 min after its creation')
  })

  it.each(['', 'later', '<b>'])('refuses to begin %j', async (kind) => {
    const { world, desk } = await open()
    const { status, text } = await desk.press(kind)
    expect(status).toBe(400)
    expect(text).toContain('kind: must be one of now, dry')
    expect((await world.store.listRuns({ limit: 10, cursor: null })).items).toEqual([])
  })
})

describe('a dry run', () => {
  it('says what it would do with each order, and changes nothing', async () => {
    const { world, desk } = await open()
    const orderNos = ['ORDER-1', 'ORDER-2', 'ORDER-3']
    for (const orderNo of orderNos) await world.adopt(orderNo, { ttlMins: 10 })
    world.control.pay('ORDER-1', { callback: false })
    world.control.close('ORDER-2')
    await world.advanceMins(20)
    const before = await tables(world, orderNos)
    const path = await begin(desk, 'dry')
    await ended(world)
    const { text } = await desk.read(path)
    expect(text).toContain('nothing was changed. This is what a run would do.')
    expect(text).toContain('1 would be credited · 1 would wait · 1 would expire')
    expect(text).toMatch(/ORDER-1 ✓ would be credited SUCCESS/)
    expect(text).toMatch(/ORDER-2 would expire CLOSED/)
    expect(await tables(world, orderNos)).toEqual(before)
    expect(world.control.requests({ operation: 'close' })).toEqual([])
    expect((await desk.read('/runs')).text).toMatch(/by hand dry run/)
  })
})

describe('the progress of a run', () => {
  it('is a bar while it goes, reloads itself, and is replaced by the results at the end', async () => {
    const { world, desk } = await open(patient)
    const orderNos = ['ORDER-1', 'ORDER-2', 'ORDER-3', 'ORDER-4']
    await adopt(world, ...orderNos)
    world.control.addFault({ operation: query, out_trade_no: orderNos.slice(1), fault: held })
    const path = await begin(desk)
    await world.waitFor('order_answered')
    await world.control.waitForRequests({ operation: query }, { count: 4 })

    const page = await desk.read(path)
    expect(page.body).toContain(`hx-get="${path}/progress" hx-trigger="every 1s"`)
    expect(page.body).toMatch(/<noscript><p><a href="\/runs\/\d+">Refresh/)
    const part = await fragment(desk, path)
    expect(part.body).toMatch(/^<section id="run" hx-get/)
    expect(part.body).toMatch(/<progress aria-label="Orders queried" value="1" max="4">/)
    expect(part.text).toMatch(/1 of 4 orders queried · .* a second · about .* left/)
    expect((await desk.read('/runs')).text).toMatch(/Run \d+ is in progress 1 of 4/)
    const listed = await desk.read('/runs/going', { 'hx-request': 'true' })
    expect(listed.body).toMatch(/^<section id="going".* hx-get="\/runs\/going"/)
    expect(listed.headers['hx-refresh']).toBeUndefined()

    await release(world)
    await ended(world)
    const last = await fragment(desk, path)
    expect(last.body).not.toContain('hx-get')
    expect(last.text).toContain('4 orders queried. 1 waiting · 3 no answer')
    expect((await desk.read('/runs')).text).not.toContain('is in progress')
    const none = await desk.read('/runs/going', { 'hx-request': 'true' })
    expect(none.headers['hx-refresh']).toBe('true')
  })

  it('is there for scheduled runs, too', async () => {
    const { world, desk } = await open(patient)
    await adopt(world, 'ORDER-1')
    world.control.addFault({ operation: query, fault: held })
    world.budan.start()
    const started = await world.waitFor('run_started')
    await world.control.waitForRequests({ operation: query })
    const id = started.type === 'run_started' ? started.runId : ''
    expect((await desk.read(`/runs/${id}`)).text).toContain('0 of 1 orders queried')
    await release(world)
    await ended(world)
    expect((await desk.read(`/runs/${id}`)).text).toContain('Trigger start')
  })

  it('keeps two runs apart that were begun at once: each queries other orders', async () => {
    const { world, desk } = await open({ ...patient, recharge: { compensationBatchSize: 2 } })
    await adopt(world, 'ORDER-1', 'ORDER-2', 'ORDER-3', 'ORDER-4')
    const others = ['ORDER-2', 'ORDER-3', 'ORDER-4']
    world.control.addFault({ operation: query, out_trade_no: others, fault: held })
    const colleague = await deskOf(world)
    const paths = await Promise.all([begin(desk), begin(colleague)])
    expect(new Set(paths).size).toBe(2)
    await world.waitFor('order_answered')
    await world.control.waitForRequests({ operation: query }, { count: 4 })
    const texts = await Promise.all(paths.map(async (path) => (await desk.read(path)).text))
    expect(texts.map((text) => /\d of \d/.exec(text)?.[0]).sort()).toEqual(['0 of 2', '1 of 2'])

    await release(world)
    await world.budan.stop()
    const runs = await Promise.all(paths.map((path) => world.store.findRun(path.slice(6))))
    const queried = runs.flatMap((found) => found?.results.map(({ orderNo }) => orderNo) ?? [])
    expect(queried.sort()).toEqual(['ORDER-1', 'ORDER-2', 'ORDER-3', 'ORDER-4'])
  })

  it('counts an order once that is closed and queried again', async () => {
    const { world, desk } = await open(patient)
    await world.adopt('ORDER-1', { ttlMins: 10 })
    await world.advanceMins(20)
    world.control.addFault({ operation: query, skip: 1, fault: held })
    const path = await begin(desk)
    await world.control.waitForRequests({ operation: query }, { count: 2 })
    expect((await desk.read(path)).text).toContain(
      '1 of 1 orders queried · settling the last answers',
    )
    await release(world)
    await ended(world)
  })

  it('sends a browser without scripts to the page', async () => {
    const { status, headers } = await (await open()).desk.read('/runs/7/progress')
    expect({ status, location: headers.location }).toEqual({ status: 303, location: '/runs/7' })
  })

  it('is not known of a run in another process, which is said, with its name', async () => {
    const { world, desk } = await open()
    const run = { ...runOfMerchant, trigger: 'manual', intervalMs: null, node: 'other-1' } as const
    const opened = await world.store.openRun(run)
    const id = opened.kind === 'opened' ? opened.run.id : ''
    const { body, text } = await desk.read(`/runs/${id}`)
    expect(text).toContain('It is in progress in another process, other-1')
    expect(body).not.toContain('<progress')
    expect(body).toContain('hx-trigger="every 5s"')
  })

  it('is waited for by a stop, which the run’s record shows', async () => {
    const { world, desk } = await open({ ...patient, recharge: { compensationConcurrency: 1 } })
    await adopt(world, 'ORDER-1', 'ORDER-2')
    world.control.addFault({ operation: query, fault: held })
    const path = await begin(desk)
    await world.control.waitForRequests({ operation: query })
    const stopped = world.budan.stop()
    await release(world)
    await stopped
    const { text } = await desk.read(path)
    expect(text).toContain('The run was stopped before its end')
    expect(text).toContain('1 order queried.')
  })
})

describe('a run that goes wrong', () => {
  const away = async (methods: Parameters<typeof breakableStore>[1]['methods']) => {
    const breaking = { broken: false, ...(methods && { methods }) }
    const store = breakableStore(await freshStore('pglite'), breaking)
    return { breaking, ...(await open({ ...patient, store })) }
  }

  it('says that it did not begin, when the database is away', async () => {
    const { breaking, desk } = await away(['openRun'])
    breaking.broken = true
    const { status, text } = await desk.press('now')
    expect(status).toBe(503)
    expect(text).toContain('The run did not start')
    expect(text).toContain('nothing was queried and nothing was changed')
    breaking.broken = false
    await begin(desk)
  })

  it('says that it failed, when the orders cannot be read', async () => {
    const { breaking, world, desk } = await away(['claimDue'])
    breaking.broken = true
    const path = await begin(desk)
    await world.waitFor('scan_failed')
    const { text } = await desk.read(path)
    expect(text).toContain('The run failed: the database could not be read.')
    expect(text).toContain('once the database answers, run again')
  })

  it('says that its record is lost, and no money, when the database goes away in its middle', async () => {
    const { breaking, world, desk } = await away(['transaction', 'finishRun'])
    await adopt(world, 'ORDER-1')
    world.control.addFault({ operation: query, fault: held })
    const path = await begin(desk)
    await world.control.waitForRequests({ operation: query })
    breaking.broken = true
    await release(world)
    await ended(world)
    const { status, text, body } = await desk.read(path)
    expect(status).toBe(200)
    expect(text).toContain('its record could not be stored: the database was away')
    expect(text).toContain('1 error')
    expect(body).not.toContain('hx-get')
  })

  it.each([
    ['en', 'The run was stopped', 'runs are held back: 401: the serial number', 'To the overview'],
    ['zh', '本次运行提前中止', '补单已暂停：401', '前往总览'],
  ])('says in %s that it was stopped, why, and where to look', async (locale, ...said) => {
    const { world } = await open()
    await adopt(world, 'ORDER-1', 'ORDER-2')
    const fault = { kind: 'error', status: 401, code: 'SIGN_ERROR' } as const
    world.control.addFault({ operation: query, fault })
    const desk = await deskOf(world, locale)
    const path = await begin(desk)
    await ended(world)
    const { text } = await desk.read(path)
    for (const sentence of said) expect(text).toContain(sentence)
  })

  it('says that the gateway answered nothing', async () => {
    const { world, desk } = await open()
    await adopt(world, 'ORDER-1')
    world.control.addFault({ operation: query, fault: { kind: 'reset' } })
    const path = await begin(desk)
    await ended(world)
    const { text } = await desk.read(path)
    expect(text).toContain('1 order got no answer from the gateway.')
    expect(text).toContain('The gateway answered no query.')
  })
})

describe('the pages of runs', () => {
  it('list the history newest first, in pages', async () => {
    const { world, desk } = await open()
    for (let n = 0; n < 25; n += 1) await world.budan.run({ dryRun: n % 2 === 1 })
    const idsOf = (body: string) =>
      [...body.matchAll(/<a href="\/runs\/(\d+)">\1<\/a>/g)].map(([, id]) => Number(id))
    const first = await desk.read('/runs')
    const next = /<a href="(\/runs\?cursor=[^"]+)" rel="next"/.exec(first.body)?.[1] ?? ''
    const second = await desk.read(next)
    const ids = [...idsOf(first.body), ...idsOf(second.body)]
    expect(ids).toHaveLength(25)
    expect(ids).toEqual([...ids].sort((a, b) => b - a))
    expect(second.body).not.toContain('name="kind"')
  })

  it('say what there is to press before there was a run', async () => {
    const { text } = await (await open()).desk.read('/runs')
    expect(text).toContain('There are no runs yet.')
    expect(text).toContain('Several runs can be in progress at once')
  })

  it('show one kind of outcome, and no more than 200 orders at once', async () => {
    const { world, desk } = await open()
    const opened = await world.store.openRun({
      ...{ ...runOfMerchant, trigger: 'manual', intervalMs: null },
    })
    const id = opened.kind === 'opened' ? opened.run.id : ''
    const results = Array.from({ length: 450 }, (_, at) => ({
      orderNo: `ORDER-${at}-${randomUUID()}`,
      merchant: null,
      tradeState: 'NOTPAY',
      outcome: at < 3 ? ('credited' as const) : ('waiting' as const),
      reason: 'not paid yet',
      codedReason: { code: 'not_paid_yet' } as const,
      durationMs: 5,
    }))
    await world.store.finishRun(id, { status: 'finished', results })
    const shown = ({ body }: { body: string }) => body.split('href="/orders/').length - 1
    const all = await desk.read(`/runs/${id}`)
    expect([shown(all), all.text.includes('1–200 of 450')]).toEqual([200, true])
    expect(shown(await desk.read(`/runs/${id}?page=3`))).toBe(50)
    const credited = await desk.read(`/runs/${id}?outcome=credited`)
    expect(shown(credited)).toBe(3)
    expect(credited.text).not.toContain('1–3 of 3')
  })

  it.each([
    ['/runs/999', 404, 'Cannot find run "999"'],
    ['/runs/x%22y', 404, 'Cannot find run'],
    ['/runs/1?outcome=gone', 400, 'outcome: must be one of credited,'],
    ['/runs/1?page=0', 400, 'page: must be a number from 1, not "0"'],
    ['/runs?cursor=bogus', 400, 'cursor: must be a next_cursor'],
  ])('refuse %s in words', async (path, expected, message) => {
    const { world, desk } = await open()
    await world.budan.run({ dryRun: true })
    const { status, text } = await desk.read(path)
    expect(status).toBe(expected)
    expect(text.replaceAll('&quot;', '"')).toContain(message)
  })
})
