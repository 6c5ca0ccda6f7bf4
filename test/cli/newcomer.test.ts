import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { generateMerchant, writeMerchant } from 'budan-simulator'
import { afterAll, describe, expect, test } from 'vitest'
import { asCalled, calledAs } from '../../src/cli/terminal/called.ts'
import { openProgress } from '../../src/cli/terminal/progress.ts'
import { openDirectory, runBudan, runInProcess } from './budan.ts'

const directory = openDirectory()
const cwd = directory.path
const root = join(import.meta.dirname, '../..')
afterAll(() => directory.remove())

describe('budan without any configuration', () => {
  const program = join(root, 'bin/budan.js')

  test('says what is missing, and how to get it: 2', async () => {
    const { code, stdout, stderr } = await runBudan(['serve'], { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('wechat.mch_id: not set (nor is WECHAT_MCH_ID)\n')
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(
      `No ./budan.yaml is here: \`${program} init\` prompts for what is needed, and writes it`,
    )
  })

  test('speaks of init in Chinese too, and not where a file was given', async () => {
    const file = join(cwd, 'empty.yaml')
    writeFileSync(file, '')
    const chinese = await runBudan(['serve'], { cwd, env: { LANG: 'zh_CN.UTF-8' } })
    expect(chinese.stderr).toContain('这里没有 ./budan.yaml：')
    const given = await runInProcess(['serve', '--config', file], {})
    expect(given.code).toBe(2)
    expect(given.stderr).not.toContain('init')
  })
})

test('budan serve on a port that is taken says what to do: 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const merchant = await generateMerchant()
  await writeMerchant(cwd, merchant)
  const { code, stderr } = await runInProcess(['serve'], {
    ...{ SERVER_PORT: String(port), DATABASE_URL: 'pglite:memory', LOG_LEVEL: 'silent' },
    ...{ WECHAT_MCH_ID: merchant.mchid, WECHAT_APP_ID: merchant.appid },
    ...{ WECHAT_SERIAL_NO: merchant.serialNo, WECHAT_API_V3_KEY: merchant.apiV3Key },
    WECHAT_PRIVATE_KEY: merchant.privateKeyPem,
    RECHARGE_COMPENSATION_ENABLED: 'false',
  })
  taken.close()
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `Cannot listen on "127.0.0.1" port ${port}: EADDRINUSE, another program listens there: end it, or give another server.port (SERVER_PORT)\n`,
  })
})

test('budan simulator on a port that is taken says what to do: 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const args = ['simulator', '--port', String(port), '--dir', join(cwd, 'sim')]
  const { code, stderr } = await runInProcess(args, {})
  taken.close()
  expect(code).toBe(1)
  expect(stderr).toMatch(/EADDRINUSE.*: end it, or give another --port\n$/)
})

describe('a second ledger, begun by mistake', () => {
  const conf = join(cwd, 'conf')
  const fresh = join(conf, 'old-data')

  test.each(['serve', 'run', 'drain', 'migrate', 'orders', 'audit', 'doctor'])(
    'is refused by budan %s: 2',
    async (command) => {
      const home = openDirectory()
      mkdirSync(conf, { recursive: true })
      mkdirSync(join(home.path, 'old-data'))
      writeFileSync(join(home.path, 'old-data', 'PG_VERSION'), '17\n')
      const file = join(conf, 'budan.yaml')
      writeFileSync(file, 'database: { url: pglite:./old-data }\n')
      const { code, stdout, stderr } = await runBudan([command, '--config', file], {
        cwd: home.path,
      })
      home.remove()
      expect(code).toBe(2)
      expect(stdout + stderr).toContain(
        `"${fresh}" holds no database, but "${join(home.path, 'old-data')}" does`,
      )
    },
  )
})

describe('a hint', () => {
  const call = (script: string | undefined, env: NodeJS.ProcessEnv = {}) =>
    calledAs({ env, script, cwd: '/home/me/budan' })

  test.each<[string | undefined, NodeJS.ProcessEnv, string]>([
    ['/home/me/budan/bin/budan.js', {}, './bin/budan.js'],
    ['/opt/budan/bin/budan.js', {}, '/opt/budan/bin/budan.js'],
    ["/opt/it's mine/bin/budan.js", {}, "'/opt/it'\\''s mine/bin/budan.js'"],
    ['/usr/local/bin/budan', { PATH: '/bin:/usr/local/bin' }, 'budan'],
    ['/usr/local/bin/budan', { PATH: '/bin' }, '/usr/local/bin/budan'],
    ['/home/me/shop/node_modules/.bin/budan', { PATH: '/bin' }, 'npx budan'],
    ['/home/me/.npm/_npx/1/node_modules/.bin/budan', { npm_command: 'exec' }, 'npx budan'],
    [undefined, {}, 'budan'],
  ])('names the program that was called as %s so that it can be pasted', (script, env, typed) => {
    expect(call(script, env)).toBe(typed)
    expect(asCalled('run `budan migrate` or `budan serve`', typed)).toBe(
      `run \`${typed} migrate\` or \`${typed} serve\``,
    )
  })
})

test('Ctrl+C leaves no half of a bar: the line takes its place, and the bar goes on below', () => {
  const screen: string[] = []
  const progress = openProgress({
    print: (line) => void screen.push(`${line}\n`),
    screen: { columns: 80, write: (text) => void screen.push(text) },
  })
  progress.note('before there is a bar')
  progress.stage('10 orders are due', 10)
  progress.progress(3)
  const drawn = screen.length
  progress.note('Stopping: what is in flight is finished first.')
  progress.end()
  const [before = ''] = screen.slice(drawn).join('').split('Stopping:')
  // To the start of the line, and all of it away, before anything else is written there.
  expect(before.endsWith('\u001b[1G\u001b[2K')).toBe(true)
  expect(screen[0]).toBe('before there is a bar\n')
})

test('the transcript of the demo in the Chinese README is Chinese', () => {
  const page = readFileSync(join(root, 'README.zh-CN.md'), 'utf8')
  const english = readFileSync(join(root, 'README.md'), 'utf8')
  const block = (text: string, head: string) => text.split(`\`\`\`\n${head}`)[1]?.split('```')[0]
  const rows = block(page, '情形')?.trim().split('\n') ?? []
  expect(rows).toHaveLength(block(english, 'scenario')?.trim().split('\n').length ?? 0)
  for (const row of rows.filter((each) => each !== '')) expect(row).toMatch(/\p{Script=Han}/u)
})
