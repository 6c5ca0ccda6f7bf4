import type { FastifyReply } from 'fastify'
import type { ComponentChildren, VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { locales } from '../../locale/locale.ts'
import { assets } from './assets.ts'
import { themes, type Visitor } from './visitor.ts'
import { type CommonWords, commonWords, localeNames } from './words.ts'

export type Section = keyof CommonWords['sections']

const paths: Readonly<Record<Section, string>> = {
  overview: '/',
  orders: '/orders',
  runs: '/runs',
  reviews: '/reviews',
  accounts: '/accounts',
  audit: '/audit',
}

/** What every page is made with. */
export interface Frame {
  readonly visitor: Visitor
  /** For the forms of the page. */
  readonly csrf: string
  readonly version: string
}

export interface PageProps {
  readonly frame: Frame
  readonly title: string
  /** Null: a page outside the menu, for somebody who may not be logged in. */
  readonly section: Section | null
  /** Paths of further scripts and style sheets. */
  readonly scripts?: readonly string[]
  readonly styles?: readonly string[]
  readonly children: ComponentChildren
}

/** Nothing but our own scripts and styles, none of them inline: what is printed in a page cannot run. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Pico draws its arrows and ticks with these.
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** htmx without what a strict policy forbids: no style sheet of its own, nothing evaluated. */
const htmxConfig = JSON.stringify({
  includeIndicatorStyles: false,
  allowEval: false,
  allowScriptTags: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
})

export function sendPage(reply: FastifyReply, page: VNode): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', contentSecurityPolicy)
    .header('referrer-policy', 'same-origin')
    .header('x-frame-options', 'DENY')
    .send(`<!doctype html>${renderToString(page)}`)
}

/** The whole document around the content of a page. */
export function Page({ frame, title, section, scripts = [], styles = [], children }: PageProps) {
  const { locale, theme } = frame.visitor
  const words = commonWords(locale)
  return (
    <html
      lang={locale === 'zh' ? 'zh-CN' : 'en'}
      {...(theme !== 'auto' && { 'data-theme': theme })}
    >
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="htmx-config" content={htmxConfig} />
        <title>{`${title} · budan`}</title>
        <link rel="icon" href="data:," />
        {[assets.pico, ...styles, assets.style].map((path) => (
          <link key={path} rel="stylesheet" href={path} />
        ))}
        {[assets.htmx, assets.script, ...scripts].map((path) => (
          <script key={path} src={path} defer />
        ))}
      </head>
      <body>
        <a class="skip" href="#content">
          {words.skip}
        </a>
        <Header {...{ frame, section, words }} />
        <main id="content" class="container" tabIndex={-1}>
          {children}
        </main>
        <Footer {...{ frame, words }} />
      </body>
    </html>
  )
}

interface PartProps {
  readonly frame: Frame
  readonly words: CommonWords
}

function Header({ frame, section, words }: PartProps & { readonly section: Section | null }) {
  return (
    <header class="container top">
      <a class="brand" href="/">
        budan <span lang="zh">补单</span>
      </a>
      {section !== null && (
        <nav aria-label={words.menu}>
          <ul>
            {Object.entries(words.sections).map(([name, text]) => (
              <li key={name}>
                <a
                  href={paths[name as Section]}
                  {...(name === section && { 'aria-current': 'page' as const })}
                >
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <Preferences {...{ frame, words }} />
    </header>
  )
}

/** Buttons, so that they work without a script. */
function Preferences({ frame: { visitor, csrf }, words }: PartProps) {
  return (
    <div class="preferences">
      <form method="post" action="/preferences">
        <input type="hidden" name="_csrf" value={csrf} />
        <input type="hidden" name="next" value={visitor.path} />
        <fieldset class="choice" aria-label={words.language}>
          {locales.map((locale) => (
            <button
              type="submit"
              key={locale}
              name="locale"
              value={locale}
              lang={locale === 'zh' ? 'zh-CN' : 'en'}
              class="outline secondary"
              aria-pressed={locale === visitor.locale}
            >
              {localeNames[locale]}
            </button>
          ))}
        </fieldset>
        <fieldset class="choice" aria-label={words.theme}>
          {themes.map((theme) => (
            <button
              type="submit"
              key={theme}
              name="theme"
              value={theme}
              class="outline secondary"
              aria-pressed={theme === visitor.theme}
            >
              {words.themes[theme]}
            </button>
          ))}
        </fieldset>
      </form>
      {visitor.canLogOut && (
        <form method="post" action="/logout">
          <input type="hidden" name="_csrf" value={csrf} />
          <button type="submit" class="outline">
            {words.logOut}
          </button>
        </form>
      )}
    </div>
  )
}

function Footer({ frame: { version }, words }: PartProps) {
  return (
    <footer class="container">
      <small>
        {words.version(version)} · {words.timesAre} · {words.forPrograms}:{' '}
        <a href="/openapi.json">OpenAPI</a> <a href="/metrics">metrics</a>{' '}
        <a href="/readyz">readyz</a>
      </small>
    </footer>
  )
}
