import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The part of WCAG 2.2, level AA, that a program can check: labels, names, contrast, order of headings. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Fails with each rule that the page breaks, and where. The page's scripts must be allowed to run. */
export async function expectAccessible(page: Page): Promise<void> {
  // Evaluated, so that no policy of the page's stands in its way.
  await page.evaluate(source)
  const { violations } = await page.evaluate(
    (tags) =>
      (globalThis as unknown as { axe: typeof axe }).axe.run({
        runOnly: { type: 'tag', values: tags },
        // Of what passes it lists one element a rule, and not all.
        resultTypes: ['violations'],
      }),
    rules,
  )
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`,
    ),
  )
  expect.soft(found, page.url()).toEqual([])
}
