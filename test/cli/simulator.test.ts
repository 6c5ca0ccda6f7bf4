import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { openDirectory, type RunningCommand, runInProcess, startBudan } from './budan.ts'

const directory = openDirectory()
const cwd = directory.path
const running: RunningCommand[] = []

afterEach(async () => {
  for (const { child } of running) child.kill('SIGTERM')
  await Promise.all(running.splice(0).map(({ ended }) => ended))
})
afterAll(() => directory.remove())

function start(...args: string[]): RunningCommand {
  const simulator = startBudan(['simulator', '--port', '0', ...args], { cwd })
  running.push(simulator)
  return simulator
}

describe('budan simulator', () => {
  test('prints its ready line, and then the configuration to paste', async () => {
    const simulator = start('--dir', 'number one', '--time-scale', '60')
    const [, url = ''] = await simulator.printed(/^simulator is ready at (http:\S+)\n/)
    await simulator.printed(/public_key_path: .*\n/)
    simulator.child.kill('SIGTERM')
    const { code, stdout, stderr } = await simulator.ended
    expect(code).toBe(0)
    const pasted = join(cwd, 'pasted.yaml')
    writeFileSync(pasted, stdout.slice(stdout.indexOf('\n') + 1))
    const config = loadConfig({ file: pasted, env: {}, need: 'serve' })
    expect(config.merchants[0]).toMatchObject({ baseUrl: url, publicKey: expect.anything() })
    expect(config.recharge.compensationIntervalMins).toBeCloseTo(5 / 60, 3)
    // The same that it wrote for --config.
    const written = join(cwd, 'number one', 'budan.yaml')
    const own = loadConfig({ file: written, env: {}, need: 'serve' })
    expect(config).toEqual({ ...own, database: config.database })
    // Neither names a database: each has its own beside it.
    expect(own.database.url).toBe(`pglite:${join(cwd, 'number one', 'data')}`)
    expect(stderr).toContain('To paste into budan.yaml:')
    expect(stderr).toContain(`bin/budan.js serve --config '${written}'\``)
  })

  test('gives the same as one JSON value with --json', async () => {
    const simulator = start('--dir', 'two', '--json')
    const [line] = await simulator.printed(/^\{.*\}\n/)
    simulator.child.kill('SIGTERM')
    const { stdout } = await simulator.ended
    expect(stdout).toBe(line)
    const printed = JSON.parse(line)
    expect(readFileSync(printed.config, 'utf8')).toContain(printed.config_text)
    expect(printed.config_text).toContain(`base_url: ${printed.url}`)
  })

  test('says why it cannot keep its merchant: 1', async () => {
    writeFileSync(join(cwd, 'a-file'), '')
    for (const dir of [join(cwd, 'a-file'), join(cwd, 'a-file', 'below')]) {
      const { code, stdout, stderr } = await runInProcess(
        ['simulator', '--port', '0', '--dir', dir],
        {},
      )
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^Cannot (read|keep) .*a-file.*\n$/)
    }
  })

  test('says that its port is taken: 1', async () => {
    const first = start('--dir', 'three', '--json')
    const [line] = await first.printed(/^\{.*\}\n/)
    const { port } = new URL(JSON.parse(line).url)
    const args = ['simulator', '--port', port, '--dir', join(cwd, 'three')]
    const { code, stdout, stderr } = await runInProcess(args, {})
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('EADDRINUSE')
    expect(stderr.split('\n')).toHaveLength(2)
  })

  test.each([
    ['--dir', '', /^--dir: is empty: give the path of a directory$/m],
    ['--host', '8.8.8.8', /^--host: "8.8.8.8" is not a loopback address$/m],
    ['--port', 'x', /'--port <port>' argument 'x' is invalid\. It must be a whole number/],
    ['--time-scale', '0.5', /'0.5' is invalid\. It must be a number from 1 to 5000/],
  ])('%s %j is wrong usage: 2', async (option, value, message) => {
    const { code, stdout, stderr } = await runInProcess(['simulator', option, value], {})
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
