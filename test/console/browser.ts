import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Locale } from '../../src/i18n/locale.ts'
import { startWeb } from '../../src/web/server.ts'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'
import { sharedChromium } from './chromium.ts'

/** Of every console that a test opens. */
export const apiToken = 'a token of the browser tests'

export interface Console {
  /** budan, a store and a simulator of the gateway on one stepped clock, as in all other tests. */
  readonly world: World
  /** `http://127.0.0.1:…`, without a slash at its end. */
  readonly url: string
  /**
   * A page in a browser of its own (own cookies), logged in. Its paths are the console's:
   * `await page.goto('/reviews')`. Where anything goes wrong inside it, the test fails: see
   * `Faults`.
   */
  page(options?: PageOptions): Promise<Page>
}

export interface PageOptions {
  /** What the browser sends as Accept-Language; default en. */
  readonly locale?: Locale
  /** What the system prefers; default light. */
  readonly theme?: 'light' | 'dark'
  /** As wide as a small phone: 360 × 740, with touch. */
  readonly mobile?: boolean
  /** False: as somebody who runs no scripts. */
  readonly javaScript?: boolean
  /** False: nobody is. */
  readonly loggedIn?: boolean
}

export interface ConsoleOptions extends WorldOptions {
  /** Null: a console without a login. */
  readonly apiToken?: string | null
}

/**
 * Opens consoles for one test file: each is a real budan behind a real port of loopback. What was
 * opened is closed after each test. The browser is the process's own.
 *
 *     const openConsole = useConsoles()
 *
 *     it('credits a paid order when it is checked', async () => {
 *       const { world, page } = await openConsole()
 *       await world.adopt('RECH01')
 *       const orderPage = await page({ locale: 'zh', theme: 'dark', mobile: true })
 *       await orderPage.goto('/orders/RECH01')
 *       await orderPage.getByRole('button', { name: '立即查单' }).click()
 *       await orderPage.getByRole('status').waitFor()
 *     })
 *
 * Let the test wait for what it wants to see (`waitFor`, `waitForURL`), never for time. A check for
 * accessibility is `expectAccessible(page)` of axe.ts.
 */
export function useConsoles(
  defaults: ConsoleOptions = {},
): (options?: ConsoleOptions) => Promise<Console> {
  const closing: Close[] = []
  const faults = useFaults(() => closeAll(closing))
  return (options = {}) =>
    openConsole({ ...defaults, ...options }, { faults, ofConsole: closing, ofPages: closing })
}

/**
 * One console for all tests of a file, opened and filled once: for tests that only look at it. Its
 * pages are closed after each test.
 */
export function useOneConsole<T>(
  fill: (world: World) => Promise<T>,
): () => Console & { readonly filled: T } {
  const ofConsole: Close[] = []
  const ofPages: Close[] = []
  const faults = useFaults(() => closeAll(ofPages))
  const opened: { console?: Console & { readonly filled: T } } = {}
  beforeAll(async () => {
    const made = await openConsole({}, { faults, ofConsole, ofPages })
    opened.console = { ...made, filled: await fill(made.world) }
  })
  afterAll(() => closeAll(ofConsole))
  return () => {
    if (opened.console === undefined) throw new Error('The console is opened before the first test')
    return opened.console
  }
}

type Close = () => Promise<void>

/** What was opened last goes first: a page must not lose its server. */
async function closeAll(closing: Close[]): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close()
}

function useFaults(close: Close): Faults {
  const faults = new Faults()
  afterEach(async () => {
    await close()
    expect(faults.take(), 'what went wrong inside the pages').toEqual([])
  })
  return faults
}

interface Lifetime {
  readonly faults: Faults
  readonly ofConsole: Close[]
  readonly ofPages: Close[]
}

async function openConsole(
  options: ConsoleOptions,
  { faults, ofConsole, ofPages }: Lifetime,
): Promise<Console> {
  const world = await openWorld(options)
  ofConsole.push(() => world.close())
  const server = { ...world.config.server, apiToken, ...tokenOf(options) }
  const web = await startWeb(world.budan, { server, version: 'test', clock: world.now })
  ofConsole.push(() => web.close())
  const page = async (wanted: PageOptions = {}) => {
    const context = await openContext(await sharedChromium(), { url: web.url, ...wanted })
    ofPages.push(() => context.close())
    faults.watch(context, web.url)
    if (wanted.loggedIn !== false && server.apiToken !== null) await logIn(context)
    return context.newPage()
  }
  return { world, url: web.url, page }
}

function tokenOf({ apiToken: token }: ConsoleOptions): { apiToken?: string | null } {
  return token === undefined ? {} : { apiToken: token }
}

/** A browser of its own in `browser`, for the console at `url`. */
export function openContext(
  browser: Browser,
  {
    url,
    locale = 'en',
    theme = 'light',
    mobile = false,
    ...options
  }: PageOptions & { url: string },
): Promise<BrowserContext> {
  return browser.newContext({
    baseURL: url,
    locale: locale === 'zh' ? 'zh-CN' : 'en-GB',
    colorScheme: theme,
    javaScriptEnabled: options.javaScript ?? true,
    ...(mobile
      ? { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }
      : { viewport: { width: 1200, height: 900 } }),
  })
}

/** By the form, as everybody does, but without its page. Throws when it is refused. */
export async function logIn({ request }: BrowserContext, token = apiToken): Promise<void> {
  const form = await (await request.get('/login')).text()
  const csrf = /name="_csrf" value="([^"]+)"/.exec(form)?.[1] ?? ''
  const answer = await request.post('/login', { form: { _csrf: csrf, token }, maxRedirects: 0 })
  if (answer.status() !== 303) throw new Error(`Cannot log in: ${answer.status()}`)
}

/** Of every page: nothing but the console's own scripts and styles, none of them inline. */
export const strictPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Tests cause refusals on purpose; htmx and the browser log them as errors. */
const refusalLogged = /^(Failed to load resource: the server responded|Response Status Error Code)/

/**
 * What no page may have: an error of a script or in the browser's log (a breach of the
 * Content-Security-Policy comes as one), a file that is not there or comes from elsewhere, an answer
 * of 500 or above, a page without the strict policy.
 */
class Faults {
  #found: string[] = []

  watch(context: BrowserContext, url: string): void {
    const note = (page: Page | null, text: string) =>
      this.#found.push(`${page?.url() ?? 'nowhere'}: ${text}`)
    context.on('weberror', (webError) => note(webError.page(), String(webError.error())))
    context.on('console', (message) => {
      const isFault = message.type() === 'error' && !refusalLogged.test(message.text())
      if (isFault) note(message.page(), message.text())
    })
    context.on('request', (request) => {
      const isElsewhere = !request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')
      if (isElsewhere) this.#found.push(`Requested ${request.url()}`)
    })
    context.on('requestfailed', (request) => {
      const cause = request.failure()?.errorText ?? ''
      // Leaving a page aborts its requests in progress.
      if (cause !== 'net::ERR_ABORTED') this.#found.push(`${request.url()}: ${cause}`)
    })
    context.on('response', (response) => {
      const isFile = ['stylesheet', 'script', 'image', 'font'].includes(
        response.request().resourceType(),
      )
      const isFault = response.status() >= (isFile ? 400 : 500)
      if (isFault) this.#found.push(`${response.url()}: ${response.status()}`)
      const { 'content-type': type = '', 'content-security-policy': policy } = response.headers()
      const isLoose = type.startsWith('text/html') && policy !== strictPolicy
      if (isLoose) this.#found.push(`${response.url()}: a page with the policy ${policy}`)
    })
  }

  take(): readonly string[] {
    return this.#found.splice(0)
  }
}
