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

/** Fails with each rule that the page breaks, and where. The page's scripts must be allowed to run. */
export async function expectAccessible(page: Page): Promise<void> {
  // Evaluated, so that no policy of the page's stands in its way.
  await page.evaluate(source)
  await expectNoViolation(page, { type: 'tag', values: rules })
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

async function expectNoViolation(page: Page, runOnly: axe.RunOnly): Promise<void> {
  const { violations } = await page.evaluate(
    (only) =>
      (globalThis as unknown as { axe: typeof axe }).axe.run({
        runOnly: only,
        // Of what passes it lists one element a rule, and not all.
        resultTypes: ['violations'],
      }),
    runOnly,
  )
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`,
    ),
  )
  expect.soft(found, page.url()).toEqual([])
}
