import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The part of WCAG 2.2, level AA, that a program can check: labels, names, contrast, order of headings. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Those of them that a theme decides: a page's markup is the same in both. */
const colourRules = ['color-contrast', 'link-in-text-block']

/** For a visitor of many pages: sending the program to each of them takes as long as its work. */
export async function loadAxeIntoEach(page: Page): Promise<void> {
  await page.addInitScript({ content: source })
}

/** Evaluated, so that no policy of the page's stands in its way. */
async function load(page: Page): Promise<void> {
  const isLoaded = await page.evaluate(() => 'axe' in globalThis)
  if (!isLoaded) await page.evaluate(source)
}

/** Fails with each rule that the page breaks, and where. The page's scripts must be allowed to run. */
export async function expectAccessible(page: Page): Promise<void> {
  await load(page)
  await expectNoViolation(page, { type: 'tag', values: rules })
}

/** The same without colours, which are those of the page in another language. */
export async function expectAccessibleBesideColours(page: Page): Promise<void> {
  await load(page)
  await expectNoViolation(page, { type: 'tag', values: rules }, colourRules)
}

/** The same in both themes, of a page that follows the system's and is in the light one. */
export async function expectAccessibleInBothThemes(page: Page): Promise<void> {
  await expectAccessible(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.evaluate(() => {
    // The end of one may begin that of a child, which inherits its colour.
    const changing = () => document.getAnimations().filter((one) => one instanceof CSSTransition)
    for (let left = changing(); left.length > 0; left = changing()) {
      for (const one of left) one.finish()
    }
  })
  await expectNoViolation(page, { type: 'rule', values: colourRules })
  await page.emulateMedia({ colorScheme: 'light' })
}

async function expectNoViolation(
  page: Page,
  runOnly: axe.RunOnly,
  without: readonly string[] = [],
): Promise<void> {
  const options: axe.RunOptions = {
    runOnly,
    rules: Object.fromEntries(without.map((rule) => [rule, { enabled: false }])),
    // Of what passes it lists one element a rule, and not all.
    resultTypes: ['violations'],
  }
  const { violations } = await page.evaluate(
    (wanted) => (globalThis as unknown as { axe: typeof axe }).axe.run(wanted),
    options,
  )
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`,
    ),
  )
  expect.soft(found, page.url()).toEqual([])
}
