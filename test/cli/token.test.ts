import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { merchantOptions, startSimulator, writeMerchant } from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configurationFor } from '../../src/demo/configuration.ts'
import { sharedMerchant } from '../support/world.ts'
import { openDirectory, type RunningCommand, runInProcess, startBudan } from './budan.ts'

describe('budan token new', () => {
  test('prints a token, and the line that admits it', async () => {
    const args = ['token', 'new', '--name', 'wang.li', '--role', 'operator']
    const { code, stdout } = await runInProcess([...args, '--expires', '2027-01-31'], {})
    expect(code).toBe(0)
    const [, token = ''] = /^ {2}(bdn_[0-9A-Za-z]{40})$/m.exec(stdout) ?? []
    const [, line = ''] = /^ {2}- (\{.*\})$/m.exec(stdout) ?? []
    expect(parse(line)).toEqual({
      ...{ name: 'wang.li', role: 'operator', expires_at: '2027-01-31' },
      sha256: createHash('sha256').update(token).digest('hex'),
    })
  })

  test('never prints the same one again', async () => {
    const args = ['token', 'new', '--name', 'x', '--scopes', 'orders:read,orders:place', '--json']
    const made = await Promise.all([1, 2, 3].map(() => runInProcess(args, {})))
    const tokens = made.map(({ stdout }) => JSON.parse(stdout))
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(3)
    expect(tokens[0]).toMatchObject({ name: 'x', scopes: ['orders:read', 'orders:place'] })
  })

  test.each([
    [['--name', 'x'], '--role: give either a role or scopes'],
    [['--name', 'x', '--role', 'viewer', '--scopes', 'admin'], '--role: give either a role'],
    [['--name', 'x', '--scopes', 'orders:read,root'], '--scopes: "root" is not one of'],
    [['--name', 'budan', '--role', 'viewer'], '--name: "budan" is a name that budan itself uses'],
    [['--name', 'x', '--role', 'viewer', '--expires', 'soon'], '--expires: "soon" is neither'],
    [['--role', 'viewer'], '--name'],
  ])('%j: 2, and no token', async (options, fault) => {
    const { code, stdout, stderr } = await runInProcess(['token', 'new', ...options], {})
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(fault)
  })
})

describe('budan serve on SIGHUP', () => {
  const directory = openDirectory()
  const file = join(directory.path, 'budan.yaml')
  const texts = ['first', 'second'].map((name) => `bdn_${name}`.padEnd(44, 'x'))
  let running: RunningCommand
  let url = ''
  let close = async () => undefined as unknown
  const lineOf = (text: string | undefined, name: string) => {
    const sha256 = createHash('sha256')
      .update(text ?? '')
      .digest('hex')
    return `    - { name: ${name}, sha256: ${sha256}, role: viewer }\n`
  }

  beforeAll(async () => {
    const merchant = await sharedMerchant()
    const simulator = await startSimulator(merchantOptions(merchant))
    close = () => simulator.stop()
    await writeMerchant(directory.path, merchant)
    const whole = configurationFor(simulator, merchant, { dir: directory.path })
    const wechat = whole.slice(whole.indexOf('wechat:'))
    const database = 'database: { url: "pglite:memory" }\n'
    writeFileSync(file, `${wechat}\n${database}server:\n  port: 0\n  tokens:\n`)
    appendFileSync(file, lineOf(texts[0], 'first'))
    running = startBudan(['serve'], { cwd: directory.path })
    url = (await running.printed(/budan is ready at (\S+)/))[1] ?? ''
  })
  afterAll(async () => {
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
    await close()
    directory.remove()
  })

  const statusWith = async (text: string | undefined) => {
    const headers = { authorization: `Bearer ${text}` }
    return (await fetch(`${url}/v1/runs`, { headers })).status
  }
  const reload = async (pattern: RegExp) => {
    const logged = new Promise<void>((resolve) => {
      running.child.stderr.on('data', (text: string) => pattern.test(text) && resolve())
    })
    running.child.kill('SIGHUP')
    await logged
  }

  test('takes the tokens anew without a gap, and keeps them where the file has a fault', async () => {
    expect([await statusWith(texts[0]), await statusWith(texts[1])]).toEqual([200, 401])
    let isOver = false
    const steady = (async () => {
      const statuses = new Set<number>()
      while (!isOver) statuses.add(await statusWith(texts[0]).catch(() => 0))
      return [...statuses]
    })()
    appendFileSync(file, lineOf(texts[1], 'second'))
    await reload(/"names":\["first","second"\]/)
    expect([await statusWith(texts[0]), await statusWith(texts[1])]).toEqual([200, 200])
    const right = readFileSync(file, 'utf8')
    appendFileSync(file, lineOf(texts[1], 'third'))
    await reload(/is the hash of token/)
    expect([await statusWith(texts[0]), await statusWith(texts[1])]).toEqual([200, 200])
    isOver = true
    expect(await steady).toEqual([200])

    writeFileSync(file, right.replace(lineOf(texts[0], 'first'), ''))
    await reload(/"names":\["second"\]/)
    expect([await statusWith(texts[0]), await statusWith(texts[1])]).toEqual([401, 200])
  })
})
