import { basename, dirname, join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { packageRoot, resolvePackaged } from '../../package-root.ts'
import type { WebApp } from '../web-app.ts'

/** Style sheets and scripts, by their addresses. All come from this package and its dependencies. */
export const assets = {
  pico: '/assets/pico.css',
  style: '/assets/console.css',
  htmx: '/assets/htmx.js',
  htmxSse: '/assets/htmx-sse.js',
  uplot: '/assets/uplot.js',
  uplotStyle: '/assets/uplot.css',
  script: '/assets/console.js',
  overview: '/assets/overview.js',
  icon: '/assets/icon.svg',
} as const

/** They need no token: they are the same in every copy of this package. */
export async function addAssets(app: WebApp): Promise<void> {
  const ownRoot = join(packageRoot(), 'assets')
  const packaged = (name: string, file: string) =>
    join(dirname(resolvePackaged(`${name}/package.json`)), file)
  await app.register(fastifyStatic, { root: ownRoot, serve: false })
  const others: Readonly<Record<string, string>> = {
    [assets.pico]: packaged('@picocss/pico', 'css/pico.min.css'),
    [assets.htmx]: packaged('htmx.org', 'dist/htmx.min.js'),
    [assets.htmxSse]: packaged('htmx-ext-sse', 'dist/sse.min.js'),
    [assets.uplot]: packaged('uplot', 'dist/uPlot.iife.min.js'),
    [assets.uplotStyle]: packaged('uplot', 'dist/uPlot.min.css'),
  }
  for (const url of Object.values(assets)) {
    const file = others[url] ?? join(ownRoot, basename(url))
    app.get(url, { schema: { hide: true } }, (_request, reply) => {
      // Revalidated each time, and rarely sent again: a page never has the style of another version.
      reply.header('cache-control', 'no-cache')
      return reply.sendFile(basename(file), dirname(file), { cacheControl: false })
    })
  }
}
