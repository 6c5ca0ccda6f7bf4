import type { FastifyInstance } from 'fastify'
import { afterEach } from 'vitest'
import type { Locale } from '../../src/i18n/locale.ts'
import { buildWeb } from '../../src/web/server.ts'
import { useWorlds, type World, type WorldOptions } from '../support/world.ts'
import { Visit } from './visit.ts'

/** A page as it is read, and what it is made of. */
export interface Read {
  readonly status: number
  readonly location: string | undefined
  readonly html: string
  /** Without tags, and with single blanks. */
  readonly text: string
}

/** An operator without a browser's window, at a real budan. */
export interface Desk extends Reader {
  readonly world: World
}

export interface Reader {
  read(path: string): Promise<Read>
  /** Sends a form of the page at `from`, and reads what it leads to. */
  send(path: string, fields: Readonly<Record<string, string>>, from: string): Promise<Read>
  /** The addresses of the page's links whose texts fit, in their order. */
  links(read: Read, text: RegExp): readonly string[]
}

export interface DeskOptions extends WorldOptions {
  readonly locale?: Locale
}

/** Opens desks for one test file, and closes them after each test. */
export function useDesks(): (options?: DeskOptions) => Promise<Desk> {
  const openWorld = useWorlds()
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })
  return async ({ locale = 'en', ...options } = {}) => {
    const world = await openWorld(options)
    const app = await buildWeb(world.budan, {
      ...{ server: world.config.server, version: 'test', clock: world.now },
    })
    closing.push(async () => app.close())
    return { world, ...readerAt(app, locale) }
  }
}

/** Reads the console of `app`, which needs no login. */
export function readerAt(app: FastifyInstance, locale: Locale): Reader {
  const visit = new Visit(app, { 'accept-language': locale })
  const read = async (path: string) => readOf(await visit.get(path))
  return {
    read,
    send: async (path, fields, from) => {
      const _csrf = await visit.csrf(from)
      const sent = readOf(await visit.post(path, { _csrf, ...fields }))
      return sent.location === undefined ? sent : read(sent.location)
    },
    links: ({ html }, text) =>
      [...html.matchAll(/<a [^>]*?href="([^"]*)"[^>]*>(.*?)<\/a>/gs)]
        .filter(([, , content = '']) => text.test(textOf(content)))
        .map(([, href = '']) => unescaped(href)),
  }
}

type Answer = Awaited<ReturnType<Visit['get']>>

function readOf({ statusCode, headers, body }: Answer): Read {
  const html = String(body)
  return { status: statusCode, location: headers.location, html, text: textOf(html) }
}

function textOf(html: string): string {
  const text = html.replace(/<head>.*?<\/head>/s, '').replaceAll(/<[^>]+>/g, ' ')
  return unescaped(text)
    .replaceAll(/[\u2068\u2069]/g, '')
    .replaceAll(/\s+/g, ' ')
}

function unescaped(text: string): string {
  const entities = { lt: '<', gt: '>', quot: '"', amp: '&' }
  return text.replaceAll(/&(lt|gt|quot|amp);/g, (_, name: keyof typeof entities) => entities[name])
}
