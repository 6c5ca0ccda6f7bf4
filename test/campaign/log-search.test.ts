import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { searchLogs } from '../../proof/campaign/verdict/log-search.ts'

const directory = mkdtempSync(join(tmpdir(), 'budan-logs-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function search(lines: readonly string[], secrets: readonly string[] = []) {
  const file = join(directory, 'node.log')
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  return searchLogs([file, join(directory, 'never-written.log')], secrets)
}

const line = (level: string, msg: string, fields: object = {}) =>
  JSON.stringify({ level, msg, ...fields })

it('searchLogs() counts errors by their message, and expects a start without a database', async () => {
  const facts = await search([
    line('info', 'Order credited'),
    line('error', 'Request failed'),
    line('error', 'Request failed'),
    'Cannot open the database "postgres://127.0.0.1:1/campaign": connect ECONNREFUSED',
  ])
  expect(facts).toEqual({ lines: 4, errors: { 'Request failed': 2 }, unexpected: [], secrets: 0 })
})

it.each([
  ['a stack', '    at settle (settle.ts:1:1)'],
  ['an uncaught error', 'Uncaught Error: nobody listens'],
  ['a violated constraint', line('error', 'Failed to settle order', { error: 'I1: twice' })],
  ['a bug', line('error', 'Request failed', { error: 'x is not a function' })],
  ['half a line', '{"level":"inf'],
  ['a fatal line', line('fatal', 'gone')],
])('searchLogs() does not expect %s', async (_name, text) => {
  expect((await search([text])).unexpected).toEqual([text])
})

it('searchLogs() finds secrets and whole openids', async () => {
  const secret = 'b'.repeat(32)
  const openid = `oSim${'1'.repeat(24)}`
  const lines = [line('info', 'x', { key: secret }), line('info', 'y', { openid })]
  expect((await search(lines, [secret, ''])).secrets).toBe(2)
})
