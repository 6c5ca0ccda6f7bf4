import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { main } from '../src/main.ts'

const bin = fileURLToPath(new URL('../bin/budan-simulator.js', import.meta.url))
const cwd = mkdtempSync(join(tmpdir(), 'budan-simulator-'))
const running: ChildProcessWithoutNullStreams[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  vi.restoreAllMocks()
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

/** Starts the command in a directory that keeps its merchant, and resolves with its first output. */
async function start(...args: string[]) {
  const child = spawn(process.execPath, [bin, '--port', '0', ...args], { cwd })
  running.push(child)
  child.stderr.pipe(process.stderr)
  const [output] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, output: output.toString() }
}

async function stop(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = (await exited) as [number | null]
  return code
}

describe('budan-simulator', () => {
  test('prints the settings of a client, and exits with 0 on SIGTERM', async () => {
    const { child, output } = await start()
    expect(output).toMatch(/^simulator is ready at (http:\S+)\nurl: \1\ncontrol_url: \1\/_sim\n/)
    expect(output).toMatch(/^private_key_path: .*apiclient_key\.pem$/m)
    expect(await stop(child)).toBe(0)
  })

  test('--json prints the same as one object; a second start uses the same merchant', async () => {
    const first = await start('--json', '--second-host')
    const settings = JSON.parse(first.output)
    expect((await fetch(settings.control_url)).status).toBe(200)
    expect(settings.second_url).not.toBe(settings.url)
    expect(readFileSync(settings.private_key_path, 'utf8')).toContain('PRIVATE KEY')
    await stop(first.child)
    const second = await start('--json')
    expect(JSON.parse(second.output)).toMatchObject({
      mchid: settings.mchid,
      api_v3_key: settings.api_v3_key,
    })
    await stop(second.child)
  })
})

describe('main()', () => {
  async function run(...args: string[]) {
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const complained = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const code = await main(args)
    const textOf = (calls: readonly unknown[][]) => calls.map(([text]) => text).join('')
    return { code, stdout: textOf(printed.mock.calls), stderr: textOf(complained.mock.calls) }
  }

  test.each([
    ['--port', '70000', /^Cannot use --port: .*65535\n$/],
    ['--host', '8.8.8.8', /^Cannot use --host: not a loopback address\n$/],
    ['--time-scale', '0', /^Cannot use --time-scale: /],
    ['--signing', 'none', /^Cannot use --signing: .*"mixed"\n$/],
    ['--unknown', 'x', /^Unknown option '--unknown'/],
  ])('resolves with 2 for %s %s', async (option, value, message) => {
    const { code, stdout, stderr } = await run(option, value)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('resolves with 1 if the merchant cannot be written', async () => {
    const { code, stderr } = await run('--port', '0', '--dir', join(bin, 'below'))
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^Cannot read .*\n/),
    })
  })

  test('prints the help and the version', async () => {
    expect((await run('--help')).stdout).toMatch(/^Usage: budan-simulator \[options\]\n/)
    expect((await run('--version')).stdout).toMatch(/\d+\.\d+\.\d+\n$/)
  })
})
