import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { shotsOf } from '../../proof/screenshots/shots.ts'
import { fillShowcase } from '../../proof/screenshots/showcase.ts'
import type { Locale } from '../../src/i18n/locale.ts'
import {
  expectAccessibleBesideColours,
  expectAccessibleInBothThemes,
  loadAxeIntoEach,
} from './axe.ts'
import { type PageOptions, useOneConsole } from './browser.ts'
import { pagesOf } from './pages.ts'

const shownConsole = useOneConsole(fillShowcase)

/** Opens every page, one after the other, and what is folded on it. */
async function visitAll(
  wanted: PageOptions,
  look: (page: Page, path: string) => Promise<void>,
  { prepare }: { prepare?: (visitor: Page) => Promise<void> } = {},
): Promise<void> {
  const { page, filled } = shownConsole()
  const visitor = await page(wanted)
  await prepare?.(visitor)
  for (const path of pagesOf(filled)) {
    const answer = await visitor.goto(path)
    expect(answer?.status(), path).toBe(path === '/nowhere' ? 404 : 200)
    await visitor.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true
    })
    await look(visitor, path)
  }
}

/** The login, and the login with a wrong token. */
async function visitLogin(locale: Locale, look: (page: Page) => Promise<void>): Promise<void> {
  const stranger = await shownConsole().page({ locale, loggedIn: false })
  await stranger.goto('/')
  await look(stranger)
  await stranger.locator('input[name="token"]').fill('wrong')
  await stranger.locator('input[name="token"]').press('Enter')
  await stranger.locator('[aria-invalid="true"]').waitFor()
  await look(stranger)
}

const englishSentences = /\b(the|is|are|was|not|and|of) /

/** All but what is printed as it is stored. */
function textOf(page: Page): Promise<string> {
  return page.locator('main').evaluate((main) => {
    const copy = main.cloneNode(true) as Element
    for (const raw of copy.querySelectorAll('pre')) raw.remove()
    return copy.textContent ?? ''
  })
}

describe('every page', () => {
  it('breaks no rule of WCAG AA, light or dark', async () => {
    await visitAll({ locale: 'en' }, expectAccessibleInBothThemes, { prepare: loadAxeIntoEach })
    await visitLogin('en', expectAccessibleInBothThemes)
  })

  it('breaks none in Chinese either, and says no English sentence', async () => {
    const look = async (visitor: Page, path: string) => {
      const parts = (await textOf(visitor)).split(/[。；\n]/)
      const found = parts.filter((part) => englishSentences.test(part))
      expect.soft(found, path).toEqual([])
      await expectAccessibleBesideColours(visitor)
    }
    await visitAll({ locale: 'zh' }, look, { prepare: loadAxeIntoEach })
    await visitLogin('zh', expectAccessibleBesideColours)
  })

  it.each(['en', 'zh'] as const)('fits a phone without scrolling sideways: %s', async (locale) => {
    await visitAll({ locale, mobile: true }, async (page, path) => {
      const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
      expect.soft(widths, path).toEqual([360, 360])
    })
  })

  it('is whole without scripts: a title, a heading, and nothing that only a script could open', async () => {
    const { page, filled } = shownConsole()
    const visitor = await page({ javaScript: false })
    for (const path of pagesOf(filled)) {
      await visitor.goto(path)
      expect(await visitor.getByRole('heading', { level: 1 }).count(), path).toBe(1)
      expect(await visitor.title(), path).toMatch(/.+ · budan$/)
      const buttons = visitor.locator('button:visible:not([type="submit"])')
      expect(await buttons.allTextContents(), path).toEqual([])
    }
  })

  it('that the documentation shows is there', async () => {
    const { page, filled } = shownConsole()
    const paths = new Set(shotsOf(filled).map(({ path }) => path))
    const visitor = await page()
    for (const path of paths) expect((await visitor.goto(path))?.status(), path).toBe(200)
  })
})
