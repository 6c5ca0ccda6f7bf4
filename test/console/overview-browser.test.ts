import type { Page } from 'playwright-core'
import { afterEach, describe, expect, it } from 'vitest'
import { StoreError } from '../../src/store/errors.ts'
import { startWeb } from '../../src/web/server.ts'
import { openDesk as openReview } from '../review/desk.ts'
import { useWorlds } from '../support/world.ts'
import { expectAccessible, expectAccessibleInBothThemes } from './axe.ts'
import { apiToken, logIn, useConsoles } from './browser.ts'
import { sharedChromium } from './chromium.ts'

const openConsole = useConsoles()
const openWorld = useWorlds()
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const isLive = (page: Page) => page.locator('#live-state[data-state=live]').waitFor()

/** The card with that title, as somebody reads it. */
const card = (page: Page, title: string) =>
  page.locator('article').filter({ has: page.getByRole('heading', { name: title, exact: true }) })

/** How many points of a canvas are drawn on. */
const drawnIn = (page: Page, name: string) =>
  page.locator(`#chart-${name} canvas`).evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement
    const points = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height)
    return (
      points?.data.filter((_value, at) => at % 4 === 3).filter((alpha) => alpha > 0).length ?? 0
    )
  })

describe('the overview in a browser', () => {
  it('shows a lost payment credited by a run, without a reload', async () => {
    const { world, page } = await openConsole()
    await world.adopt('ORDER-1')
    world.control.pay('ORDER-1', { callback: false })
    await world.advanceMins(6)
    const overview = await page()
    await overview.goto('/')
    await isLive(overview)
    await overview.evaluate(() => Object.assign(globalThis, { wasNotReloaded: true }))
    await card(overview, 'Oldest order not queried').getByText('6 min').waitFor()
    const credits = overview.getByRole('row', { name: /^compensation job \d/ })
    expect(await credits.textContent()).toContain('compensation job0–')

    world.budan.start()
    await overview
      .getByText('Payments: OK. Every payment that budan knows of is credited')
      .waitFor()
    await credits.getByText('6 min').first().waitFor()
    await overview.getByRole('row', { name: /^1 .* finished start 1 1 0/ }).waitFor()
    await card(overview, 'From payment to credit')
      .getByText('Median and p99 of 1 credits')
      .waitFor()
    expect(await overview.evaluate(() => 'wasNotReloaded' in globalThis)).toBe(true)
  })

  it('draws its charts, and draws them anew when something happens', async () => {
    const { world, page } = await openConsole()
    const overview = await page()
    await overview.goto('/?hours=1')
    await isLive(overview)
    const names = ['credits', 'latency', 'calls']
    const empty = await Promise.all(names.map((name) => drawnIn(overview, name)))
    for (const orderNo of ['ORDER-1', 'ORDER-2']) {
      await world.adopt(orderNo)
      world.control.pay(orderNo, { callback: false })
      await world.budan.checkOrder(orderNo)
    }
    await overview.getByRole('row', { name: /^check by hand 2/ }).waitFor()
    for (const [at, name] of names.entries()) {
      expect(await overview.locator(`#chart-${name} canvas`).count()).toBe(1)
      expect(await drawnIn(overview, name), name).toBeGreaterThan(empty[at] ?? 0)
    }
    await overview.getByText('The same as a table').click()
    await overview.getByRole('row', { name: /^2026-01-24 15:00 2 under 1 s/ }).waitFor()
  })

  it('counts down to the next run', async () => {
    const { world, page } = await openConsole()
    await world.advanceMins(1)
    world.budan.start()
    const overview = await page()
    await overview.goto('/')
    await isLive(overview)
    const countdown = card(overview, 'Next run').locator('time[data-countdown]')
    const first = await countdown.textContent()
    expect(first).toMatch(/^in [34]:\d\d$/)
    await overview.waitForFunction(
      (before) => document.querySelector('time[data-countdown]')?.textContent !== before,
      first,
    )
    // It goes by the clock of the database: a step of that is followed at once.
    await world.advanceMins(2)
    world.budan.emit({ type: 'breaker_closed' })
    await countdown.getByText(/^in [12]:\d\d$/).waitFor()
  })

  it('goes red at once, says what to do, and goes green again', async () => {
    const { world, page } = await openConsole()
    const overview = await page({ locale: 'zh', theme: 'dark' })
    world.budan.start()
    await world.waitFor('scan_empty')
    await overview.goto('/')
    await isLive(overview)
    await overview.getByText('收款正常。已知的付款全部入账').waitFor()
    const desk = await openReview(world)
    await overview.getByText('有 1 笔订单等待人工处理').waitFor()
    await overview.getByRole('link', { name: '打开待处理', exact: true }).waitFor()
    await desk.resolve('dismiss')
    await overview.getByText('收款正常。已知的付款全部入账').waitFor()
  })

  it('says since when it is not live, and recovers with the server', async () => {
    const world = await openWorld()
    const serve = (port: number) => {
      const server = { host: '127.0.0.1', port, apiToken: null }
      return startWeb(world.budan, { server, version: 'test', clock: world.now })
    }
    const first = await serve(0)
    closing.push(() => first.close())
    const context = await (await sharedChromium()).newContext({ locale: 'en-GB' })
    closing.push(() => context.close())
    const overview = await context.newPage()
    // The clock of a busy machine goes on between two calls.
    await overview.addInitScript(() => {
      const { now } = Date
      let calls = 0
      Date.now = () => now() + calls++
    })
    await overview.goto(first.url)
    await isLive(overview)
    await first.close()
    await overview.getByText(/^Not live since 15:00:00: the connection is lost/).waitFor()
    await world.adopt('ORDER-1')
    const second = await serve(Number(new URL(first.url).port))
    closing.push(() => second.close())
    await isLive(overview)
    await overview.getByRole('row', { name: /^not confirmed yet 1/ }).waitFor()
  })

  it('says that the login has ended, and where to log in', async () => {
    const { world, page } = await openConsole()
    const overview = await page()
    await overview.goto('/')
    await isLive(overview)
    await world.advanceMins(12 * 60 + 1)
    world.budan.emit({ type: 'breaker_closed' })
    await overview.getByText('Your login has ended').waitFor()
    await overview.getByRole('link', { name: 'Log in again' }).click()
    await overview.getByLabel('Token').waitFor()
  })

  it('is replaced by a page that says that the database is away, and comes back with the database', async () => {
    const world = await openWorld()
    const { store } = world
    const findSession = store.findSession.bind(store)
    const away = { is: false }
    store.findSession = (keyHash) =>
      away.is ? Promise.reject(new StoreError('it is away')) : findSession(keyHash)
    const server = { ...world.config.server, apiToken }
    const web = await startWeb(world.budan, { server, version: 'test', clock: world.now })
    closing.push(() => web.close())
    const context = await (await sharedChromium()).newContext({ baseURL: web.url, locale: 'en-GB' })
    closing.push(() => context.close())
    await logIn(context)
    const overview = await context.newPage()
    await overview.goto('/')
    await isLive(overview)
    away.is = true
    world.budan.emit({ type: 'breaker_closed' })
    await overview.getByRole('heading', { level: 1, name: 'The database is away' }).waitFor()
    await expectAccessible(overview)
    away.is = false
    // The page loads again by itself.
    await isLive(overview)
  })

  it('is accessible, in red too, light or dark', async () => {
    const { world, page } = await openConsole()
    await openReview(world)
    const overview = await page()
    await overview.goto('/')
    await isLive(overview)
    await overview.getByText('The same as a table').click()
    await expectAccessibleInBothThemes(overview)
  })

  it('fits a small phone', async () => {
    const { page } = await openConsole()
    const overview = await page({ mobile: true, locale: 'zh' })
    await overview.goto('/')
    await isLive(overview)
    const width = await overview.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(360)
  })

  it('says the same without a script, but for the charts', async () => {
    const { world, page } = await openConsole()
    await world.adopt('ORDER-1')
    const overview = await page({ javaScript: false })
    await overview.goto('/')
    await overview.getByText('As of 2026-01-24 15:00:00').waitFor()
    await card(overview, 'Oldest order not queried').waitFor()
    expect(await overview.locator('.chart').first().isVisible()).toBe(false)
    await overview.getByText('The same as a table').click()
    await overview.getByText('Nothing happened in this time.').waitFor()
  })
})
