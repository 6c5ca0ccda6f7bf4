import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { apiToken, useConsoles } from './browser.ts'

/** What all pages have in common, and the login. */

const openConsole = useConsoles()

const background = (page: Page) =>
  page.evaluate(() => getComputedStyle(document.body).backgroundColor)

const isDark = async (page: Page) => {
  const [red = 255] = (await background(page)).match(/\d+/g)?.map(Number) ?? []
  return red < 128
}

/** What has the focus: its name, as a screen reader says it. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement: element } = document
    return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? ''
  })

describe('the login page', () => {
  it('refuses a wrong token beside the field, takes the right one, and leads to where one was', async () => {
    const { page } = await openConsole()
    const visitor = await page({ loggedIn: false })
    await visitor.goto('/orders?status=paid')
    const field = visitor.getByLabel('Token')
    await field.fill('wrong')
    await visitor.getByRole('button', { name: 'Log in' }).click()
    await visitor.getByText('There is no such token.').waitFor()
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    await field.fill(apiToken)
    await field.press('Enter')
    await visitor.waitForURL('**/orders?status=paid')
    expect(await visitor.getByRole('heading', { level: 1 }).textContent()).toBe('Orders')
  })

  it('shows nothing of the console, and no way to log out', async () => {
    const { page } = await openConsole()
    const visitor = await page({ loggedIn: false })
    await visitor.goto('/')
    expect(await visitor.getByRole('navigation').count()).toBe(0)
    expect(await visitor.getByRole('button', { name: 'Log out' }).count()).toBe(0)
  })

  it('comes back with the logout, and what was seen is not had by going back', async () => {
    const { page } = await openConsole()
    const visitor = await page()
    await visitor.goto('/accounts')
    await visitor.getByRole('button', { name: 'Log out' }).click()
    await visitor.waitForURL('**/login')
    await visitor.goBack()
    await visitor.getByLabel('Token').waitFor()
  })
})

describe('the language', () => {
  it.each([
    ['en', 'Overview', 'en'],
    ['zh', '总览', 'zh-CN'],
  ] as const)('is the one that the browser prefers: %s', async (locale, title, lang) => {
    const { page } = await openConsole()
    const visitor = await page({ locale })
    await visitor.goto('/')
    expect(await visitor.getByRole('heading', { level: 1 }).textContent()).toBe(title)
    expect(await visitor.locator('html').getAttribute('lang')).toBe(lang)
  })

  it('is switched on the page that one is on, also before the login, and stays', async () => {
    const { page } = await openConsole()
    const visitor = await page({ loggedIn: false })
    await visitor.goto('/runs')
    await visitor.getByRole('button', { name: '中文' }).click()
    await visitor.getByLabel('令牌').fill(apiToken)
    await visitor.getByRole('button', { name: '登录' }).click()
    await visitor.waitForURL('**/runs')
    expect(await visitor.locator('html').getAttribute('lang')).toBe('zh-CN')
    await visitor.getByRole('button', { name: 'English' }).click()
    await visitor.getByRole('heading', { level: 1, name: 'Runs' }).waitFor()
    expect(new URL(visitor.url()).pathname).toBe('/runs')
  })
})

describe('the theme', () => {
  it.each(['light', 'dark'] as const)('is the system’s: %s', async (theme) => {
    const { page } = await openConsole()
    const visitor = await page({ theme })
    await visitor.goto('/')
    expect(await isDark(visitor)).toBe(theme === 'dark')
  })

  it('can be chosen against the system, and given back to it', async () => {
    const { page } = await openConsole()
    const visitor = await page({ theme: 'light' })
    await visitor.goto('/')
    const choose = async (name: string) => {
      await visitor.getByRole('button', { name, exact: true }).click()
      await visitor.locator(`button[aria-pressed="true"][aria-label="${name}"]`).waitFor()
    }
    await choose('Dark')
    expect(await isDark(visitor)).toBe(true)
    await visitor.goto('/runs')
    expect(await isDark(visitor)).toBe(true)
    await choose('System')
    expect(await isDark(visitor)).toBe(false)
    await visitor.emulateMedia({ colorScheme: 'dark' })
    await choose('Light')
    expect(await isDark(visitor)).toBe(false)
  })
})

describe('the keyboard', () => {
  it('reaches the content first, then the menu, and shows where it is', async () => {
    const { page } = await openConsole()
    const visitor = await page()
    await visitor.goto('/')
    await visitor.keyboard.press('Tab')
    expect(await focused(visitor)).toBe('Skip to the content')
    const skip = visitor.getByRole('link', { name: 'Skip to the content' })
    expect((await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0)
    await skip.press('Enter')
    expect(await visitor.evaluate(() => document.activeElement?.id)).toBe('content')

    await visitor.goto('/')
    const seen: string[] = []
    for (let each = 0; each < 15; each += 1) {
      await visitor.keyboard.press('Tab')
      seen.push(await focused(visitor))
      const outline = await visitor.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement as Element)
        return outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth)
      })
      expect(outline, seen.at(-1)).toBeGreaterThanOrEqual(2)
    }
    expect(seen.slice(2)).toEqual([
      ...['Overview', 'Orders', 'Runs', 'Reviews', 'Exceptions', 'Accounts', 'Audit', 'Sessions'],
      ...['中文', 'System', 'Light', 'Dark', 'Log out'],
    ])
  })

  it('logs in, goes to a page and logs out', async () => {
    const { page } = await openConsole()
    const visitor = await page({ loggedIn: false })
    await visitor.goto('/')
    await visitor.getByLabel('Token').focus()
    await visitor.keyboard.type(apiToken)
    await visitor.keyboard.press('Enter')
    await visitor.getByRole('link', { name: 'Audit', exact: true }).focus()
    await visitor.keyboard.press('Enter')
    await visitor.waitForURL('**/audit')
    await visitor.getByRole('button', { name: 'Log out' }).focus()
    await visitor.keyboard.press('Space')
    await visitor.waitForURL('**/login')
  })
})

describe('a browser without scripts', () => {
  it('logs in, changes language and theme, reads a page and logs out', async () => {
    const { page } = await openConsole()
    const visitor = await page({ loggedIn: false, javaScript: false })
    await visitor.goto('/accounts')
    await visitor.getByLabel('Token').fill(apiToken)
    await visitor.getByRole('button', { name: 'Log in' }).click()
    await visitor.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor()
    await visitor.getByRole('button', { name: '中文' }).click()
    await visitor.getByRole('heading', { level: 1, name: '账户' }).waitFor()
    await visitor.getByRole('button', { name: '深色' }).click()
    await visitor.locator('html[data-theme="dark"]').waitFor()
    await visitor.getByRole('button', { name: '退出登录' }).click()
    await visitor.getByLabel('令牌').waitFor()
  })
})

describe('a login that ends', () => {
  it('is shown above a page that keeps itself up to date, and the page stays', async () => {
    const { world, page } = await openConsole()
    const visitor = await page()
    await visitor.goto('/accounts')
    await world.advanceMins(12 * 60)
    await visitor.evaluate(() => {
      const { htmx } = globalThis as unknown as { htmx: { ajax(...call: unknown[]): void } }
      htmx.ajax('GET', '/accounts', { target: 'h1' })
    })
    const alert = visitor.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toBe('Your login has ended. Reload the page to log in.')
    expect(await visitor.getByRole('heading', { level: 1 }).textContent()).toBe('Accounts')
  })

  it('while a form is filled in gives the form’s page back afterwards', async () => {
    const { world, page } = await openConsole()
    await world.adopt('RECH01')
    const visitor = await page()
    await visitor.goto('/orders/RECH01')
    await world.advanceMins(12 * 60)
    await visitor.getByRole('button', { name: 'Check now' }).click()
    await visitor.getByText('Your login has ended').waitFor()
    await visitor.getByLabel('Token').fill(apiToken)
    await visitor.getByRole('button', { name: 'Log in' }).click()
    await visitor.getByRole('button', { name: 'Check now' }).waitFor()
    expect(new URL(visitor.url()).pathname).toBe('/orders/RECH01')
  })
})
