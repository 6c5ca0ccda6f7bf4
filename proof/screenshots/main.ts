// Takes the images of the documentation: `npm run screenshots [-- NAME…]`, all of them by default.
// The world is always the same, and so are the fonts but for the Chinese ones, which are the machine's.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { startWeb } from '../../src/web/server.ts'
import { apiToken, logIn } from '../../test/console/browser.ts'
import { launchChromium } from '../../test/console/chromium.ts'
import { closeStores } from '../../test/support/open-stores.ts'
import { openWorld } from '../../test/support/world.ts'
import { type Shot, shotsOf } from './shots.ts'
import { fillShowcase } from './showcase.ts'

const images = join(import.meta.dirname, '../../docs/images')

const browser = await launchChromium()
try {
  if (await hasChinese(browser)) await takeAll(process.argv.slice(2))
  else {
    console.error(
      'This machine has no Chinese font: every image would show boxes. Nothing was taken.',
    )
    console.error('Install one, on Debian or Ubuntu: apt-get install fonts-noto-cjk')
    process.exitCode = 1
  }
} finally {
  await browser.close()
  await closeStores()
}

/** Characters that no font has look all the same. */
async function hasChinese(browser: Browser): Promise<boolean> {
  const page = await browser.newPage({ viewport: { width: 100, height: 100 } })
  const imageOf = async (character: string) => {
    await page.setContent(`<html lang="zh-CN"><body>${character}</body></html>`)
    return (await page.screenshot()).toString('base64')
  }
  const hasFont = (await imageOf('补')) !== (await imageOf('单'))
  await page.close()
  return hasFont
}

async function takeAll(names: readonly string[]): Promise<void> {
  const world = await openWorld()
  const server = { ...world.config.server, apiToken }
  const web = await startWeb(world.budan, { server, version: '0.1.0', clock: world.now })
  try {
    const shots = shotsOf(await fillShowcase(world))
    // The first view of the overview starts the audit; the images show later views.
    await fetch(web.url, { headers: { authorization: `Bearer ${apiToken}` } })
    // The job's own clock, so that it says when it will run next; with something due for its first run.
    await world.advanceMins(6)
    const from = world.events.length
    world.budan.start()
    await world.waitFor('run_finished', { from })
    await mkdir(images, { recursive: true })
    for (const shot of shots) {
      if (names.length === 0 || names.includes(shot.name)) await take(shot, web.url)
    }
    const unknown = names.filter((name) => !shots.some((shot) => shot.name === name))
    if (unknown.length > 0) throw new Error(`No such image: ${unknown.join(', ')}`)
  } finally {
    await web.close()
    await world.close()
  }
}

async function take(
  { name, path, locale, theme, width, height }: Shot,
  url: string,
): Promise<void> {
  const context = await browser.newContext({
    baseURL: url,
    locale: locale === 'zh' ? 'zh-CN' : 'en-GB',
    colorScheme: theme,
    viewport: { width, height },
    // Sharp on the screens of today, and not too large to be kept.
    deviceScaleFactor: 1.5,
    reducedMotion: 'reduce',
  })
  await logIn(context)
  const page = await context.newPage()
  const answer = await page.goto(path, { waitUntil: 'load' })
  if (answer?.status() !== 200)
    throw new Error(`Cannot take ${name}: ${path} is ${answer?.status()}`)
  // Charts are drawn before the frame after the next.
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  )
  await page.screenshot({ path: join(images, `${name}.png`) })
  await context.close()
  console.log(join('docs/images', `${name}.png`))
}
