import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { StoreError } from '../../src/store/errors.ts'
import { buildWeb } from '../../src/web/server.ts'
import { doubleBudan, type Replaced } from './double.ts'
import { sampleRun } from './samples.ts'

let app: FastifyInstance
afterEach(() => app.close())

async function open(replaced: Replaced, version = '1.2.3') {
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  app = await buildWeb(doubleBudan(replaced).budan, { server, version })
  return app.inject('/')
}

const sound = {
  paid_not_credited: 0,
  credited_not_paid: 0,
  credited_twice: 0,
  unbalanced: 0,
  mismatched: 0,
  unexplained: 0,
}

describe('GET /', () => {
  test('shows readiness, audit and the last runs', async () => {
    const check = { name: 'gateway', ok: false, detail: 'runs are held back' } as const
    const page = await open({
      budan: { readiness: async () => ({ ready: false, checks: [check] }) },
      store: {
        audit: async () => ({ ...sound, credited_twice: 3 }),
        listRuns: async () => ({
          items: [sampleRun({ total: 50, success: 41, dryRun: true })],
          nextCursor: null,
        }),
      },
    })
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.body).toContain('<td class="bad">not ok</td><td>runs are held back</td>')
    expect(page.body).toContain('<td>credited_twice</td><td class="bad">3</td>')
    expect(page.body).toContain('<td>unbalanced</td><td class="good">0</td>')
    expect(page.body).toContain('2026-01-24 12:00:00')
    expect(page.body).toContain('<td>manual (dry)</td>')
    expect(page.body).toContain('<td>41</td>')
    expect(page.body).toContain('Version 1.2.3')
  })

  test('runs no script and takes no style from elsewhere', async () => {
    const page = await open({})
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    expect(page.body).not.toMatch(/<script|style=|<style|\son\w+=/)
    const style = await app.inject('/assets/status.css')
    expect(style.headers['content-type']).toBe('text/css; charset=utf-8')
    expect(style.body).toContain('color-scheme: light dark')
    expect(page.body).toContain('href="/assets/status.css"')
  })

  test('prints hostile text as text', async () => {
    const hostile = `<img src=x onerror="alert('1')">&`
    const check = { name: 'database', ok: true, detail: hostile } as const
    const readiness = async () => ({ ready: true, checks: [check] })
    const page = await open({ budan: { readiness } }, hostile)
    const escaped = '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;'
    expect(page.body.split(escaped)).toHaveLength(3)
    expect(page.body).not.toContain('<img')
  })

  test('still shows what can be had when the database cannot', async () => {
    const away = () => Promise.reject(new StoreError('connect ECONNREFUSED 10.0.0.7'))
    const page = await open({ store: { audit: away, listRuns: away } })
    expect(page.statusCode).toBe(200)
    expect(page.body.split('Cannot be had at the moment.')).toHaveLength(3)
    expect(page.body).not.toContain('10.0.0.7')
  })

  test('links only to routes that are there', async () => {
    const page = await open({})
    const links = [...page.body.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link)
    expect(links.length).toBeGreaterThan(5)
    for (const link of links) expect((await app.inject(link)).statusCode, link).toBe(200)
  })
})
