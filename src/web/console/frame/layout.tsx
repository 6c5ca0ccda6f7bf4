import type { FastifyReply } from 'fastify'
import type { ComponentChildren, VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { locales } from '../../../i18n/locale.ts'
import type { Budan } from '../../../service.ts'
import { assets } from '../assets.ts'
import { OpenCount } from '../exceptions/open-count.tsx'
import { Who } from '../rights/who.tsx'
import { localeOf, type Theme, themes } from '../visitor.ts'
import { type CommonWords, commonWords, languageTags, localeNames } from '../words.ts'
import { ActionForm } from './parts.tsx'
import { type Frame, type Rendering, RenderingContext, useFrame } from './rendering.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** All are set by `addConsole`. */
    gateway: Budan['gateway']
    merchants: Budan['merchants']
    frameOf(request: FastifyRequest, reply: FastifyReply): Frame
  }
}

export type Section = keyof CommonWords['sections']

function pathOf(section: string): string {
  return section === 'overview' ? '/' : `/${section}`
}

export interface PageProps {
  readonly title: string
  /** Null: no section of the menu. */
  readonly section: Section | null
  /** False: for a reader without a login. */
  readonly hasMenu?: boolean
  /** Paths of further scripts and style sheets. */
  readonly scripts?: readonly string[]
  readonly styles?: readonly string[]
  /**
   * The page reloads by itself: the delay and the path. With a script it reloads only when the page is
   * available, so that its reader is not interrupted again and again.
   */
  readonly refresh?: { readonly afterS: number; readonly path: string }
  readonly children: ComponentChildren
}

/** Only scripts and styles of this server, none of them inline: foreign text in a page cannot run. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Pico's arrows and ticks are data: images.
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** htmx without what the policy forbids: no style sheet of its own, no eval. */
const htmxConfig = JSON.stringify({
  includeIndicatorStyles: false,
  allowEval: false,
  allowScriptTags: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
})

export function sendPage(reply: FastifyReply, page: VNode): FastifyReply {
  const { gateway, merchants } = reply.server
  const frame = reply.server.frameOf(reply.request, reply)
  const html = htmlOf(page, { gateway, merchants, frame, locale: frame.visitor.locale })
  return sendHtml(reply, `<!doctype html>${html}`)
}

/** A part of a page, for htmx. */
export function sendPart(reply: FastifyReply, part: VNode): FastifyReply {
  const { gateway, merchants } = reply.server
  const rendering = { gateway, merchants, frame: null, locale: localeOf(reply.request) }
  return sendHtml(reply, htmlOf(part, rendering))
}

export function htmlOf(content: VNode, rendering: Rendering): string {
  return renderToString(
    <RenderingContext.Provider value={rendering}>{content}</RenderingContext.Provider>,
  )
}

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', contentSecurityPolicy)
    .header('referrer-policy', 'same-origin')
    .header('x-frame-options', 'DENY')
    .send(html)
}

/** The whole document around the content of a page. */
export function Page(props: PageProps) {
  const { title, section, hasMenu = true, scripts = [], styles = [], refresh, children } = props
  const { locale, theme } = useFrame().visitor
  const words = commonWords()
  return (
    <html lang={languageTags[locale]} {...(theme !== 'auto' && { 'data-theme': theme })}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === 'auto' ? 'light dark' : theme} />
        {refresh && (
          <noscript>
            <meta httpEquiv="refresh" content={`${refresh.afterS}; url=${refresh.path}`} />
          </noscript>
        )}
        <meta name="htmx-config" content={htmxConfig} />
        <title>{`${title} · budan`}</title>
        <link rel="icon" href={assets.icon} type="image/svg+xml" />
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
        <Header {...{ section, hasMenu }} />
        <main id="content" class="container" tabIndex={-1} data-come-back={refresh?.path}>
          <Trouble />
          {children}
        </main>
        <Footer />
      </body>
    </html>
  )
}

/** Where console.js shows the error of a script's request that got no page. */
function Trouble() {
  const { unreachable } = commonWords()
  return <div id="trouble" class="notice bad" role="alert" hidden data-unreachable={unreachable} />
}

function Header({ section, hasMenu }: { section: Section | null; hasMenu: boolean }) {
  return (
    <header class="top">
      <div class="container">
        <PermittedLink href="/" class="brand">
          budan <span lang="zh-CN">补单</span>
        </PermittedLink>
        {hasMenu && <Menu section={section} />}
        <Who />
        <Preferences />
      </div>
    </header>
  )
}

/** The text alone, for somebody who may not see the page. */
function PermittedLink({ href, ...link }: PermittedLinkProps) {
  return useFrame().may('GET', href) ? <a {...{ href, ...link }} /> : <span {...link} />
}

interface PermittedLinkProps {
  readonly href: string
  readonly class: string
  readonly children: ComponentChildren
}

function Menu({ section }: { section: Section | null }) {
  const { may } = useFrame()
  const words = commonWords()
  const sections = Object.entries(words.sections).filter(([name]) => may('GET', pathOf(name)))
  return (
    <nav aria-label={words.menu}>
      <ul>
        {sections.map(([name, text]) => (
          <li key={name}>
            <a href={pathOf(name)} {...(name === section && { 'aria-current': 'page' as const })}>
              {text}
              {name === 'exceptions' && <OpenCount />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** Buttons of a form, so that they work without a script. */
function Preferences() {
  const { visitor } = useFrame()
  const words = commonWords()
  return (
    <div class="preferences">
      <ActionForm action="/preferences">
        <input type="hidden" name="next" value={visitor.path} />
        {locales
          .filter((locale) => locale !== visitor.locale)
          .map((locale) => (
            <button
              type="submit"
              key={locale}
              name="locale"
              value={locale}
              lang={languageTags[locale]}
            >
              {localeNames[locale]}
            </button>
          ))}
        <fieldset class="choice" aria-label={words.theme}>
          {themes.map((theme) => (
            <button
              type="submit"
              key={theme}
              name="theme"
              value={theme}
              title={words.themes[theme]}
              aria-label={words.themes[theme]}
              aria-pressed={theme === visitor.theme}
            >
              <ThemeIcon theme={theme} />
            </button>
          ))}
        </fieldset>
      </ActionForm>
      {visitor.isBySession && (
        <ActionForm action="/logout">
          <button type="submit">{words.logOut}</button>
        </ActionForm>
      )}
    </div>
  )
}

/** A half-filled circle, a sun, a moon. */
function ThemeIcon({ theme }: { theme: Theme }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      {theme === 'auto' && (
        <>
          <circle cx="12" cy="12" r="9" />
          <path class="filled" d="M12 3a9 9 0 0 1 0 18z" />
        </>
      )}
      {theme === 'light' && (
        <>
          <circle class="filled" cx="12" cy="12" r="4" />
          <path d="M12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19M5 19l1.4-1.4M17.6 6.4 19 5" />
        </>
      )}
      {theme === 'dark' && (
        <path class="filled" d="M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z" />
      )}
    </svg>
  )
}

function Footer() {
  const { version, hasMetrics } = useFrame()
  const words = commonWords()
  return (
    <footer class="container">
      <small>
        {words.version(version)} · {words.timesAre} · {words.forPrograms}:{' '}
        <a href="/openapi.json">OpenAPI</a> {hasMetrics && <a href="/metrics">metrics</a>}{' '}
        <a href="/readyz">readyz</a>
      </small>
    </footer>
  )
}
