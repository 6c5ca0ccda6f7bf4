import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { shotsOf } from '../../proof/screenshots/shots.ts'
import { fillShowcase } from '../../proof/screenshots/showcase.ts'
import { expectAccessibleInBothThemes } from './axe.ts'
import { type PageOptions, useOneConsole } from './browser.ts'
import { pagesOf } from './pages.ts'

const shownConsole = useOneConsole(fillShowcase)

/** Opens every page, one after the other, and what is folded on it. */
async function visitAll(
  wanted: PageOptions,
  look: (page: Page, path: string) => Promise<void>,
): Promise<void> {
  const { page, filled } = shownConsole()
  const visitor = await page(wanted)
  for (const path of pagesOf(filled)) {
    const answer = await visitor.goto(path)
    expect(answer?.status(), path).toBe(path === '/nowhere' ? 404 : 200)
    await visitor.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true
    })
    await look(visitor, path)
  }
}

describe('every page', () => {
  it.each(['en', 'zh'] as const)('breaks no rule of WCAG AA, light or dark: %s', async (locale) => {
    await visitAll({ locale }, (visitor) => expectAccessibleInBothThemes(visitor))
    const stranger = await shownConsole().page({ locale, loggedIn: false })
    await stranger.goto('/')
    await expectAccessibleInBothThemes(stranger)
    await stranger.locator('input[name="token"]').fill('wrong')
    await stranger.locator('input[name="token"]').press('Enter')
    await stranger.locator('[aria-invalid="true"]').waitFor()
    await expectAccessibleInBothThemes(stranger)
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

  it('says no English sentence in Chinese', async () => {
    const sentences = /\b(the|is|are|was|not|and|of) /
    await visitAll({ locale: 'zh' }, async (page, path) => {
      const text = await page.locator('main').evaluate((main) => {
        const copy = main.cloneNode(true) as Element
        for (const raw of copy.querySelectorAll('pre')) raw.remove()
        return copy.textContent ?? ''
      })
      const found = text.split(/[。；\n]/).filter((part) => sentences.test(part))
      expect.soft(found, path).toEqual([])
    })
  })

  it('that the documentation shows is there', async () => {
    const { page, filled } = shownConsole()
    const paths = new Set(shotsOf(filled).map(({ path }) => path))
    const visitor = await page()
    for (const path of paths) expect((await visitor.goto(path))?.status(), path).toBe(200)
  })
})
