import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { openDirectory, runBudan, runInProcess } from './budan.ts'

const directory = openDirectory()
const cwd = directory.path
afterAll(() => directory.remove())

const commands = [
  'init',
  'completion',
  'serve',
  'run',
  'drain',
  'adopt',
  'check',
  'order',
  'orders',
  'reviews',
  'review',
  'audit',
  'report',
  'migrate',
  'simulator',
  'demo',
  'doctor',
  'help',
]

test('budan --help lists every command on standard output and ends with 0', async () => {
  const { code, stdout, stderr } = await runBudan(['--help'], { cwd })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
})

test.each(commands)(
  'budan %s --help names --config and --json and ends with 0',
  async (command) => {
    const { code, stdout } = await runInProcess([command, '--help'], {})
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: budan ${command}`)
    expect(stdout).toContain('--config <file>')
    expect(stdout).toContain('--json')
  },
)

test('budan ends its process with 2 for wrong usage', async () => {
  const { code, stdout, stderr } = await runBudan(['bogus'], { cwd })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain("unknown command 'bogus'")
})

const wrong: [string, RegExp][] = [
  ['', /Usage: budan/],
  ['bogus', /unknown command 'bogus'/],
  ['help bogus', /value 'bogus' is invalid for argument 'command'/],
  ['order', /missing required argument 'order_no'/],
  ['check', /missing required argument 'order_no'/],
  ['check A B', /too many arguments/],
  ['serve --prot 1', /unknown option '--prot'/],
  ['run --dryrun', /unknown option '--dryrun'.*\n.*--dry-run/],
  ['orders --status lost', /Allowed choices are pending, paid, expired, review/],
  ['orders --limit 0', /'0' is invalid. It must be a whole number from 1 to 200/],
  ['orders --limit 201', /'201' is invalid/],
  ['orders --limit 1.5', /'1.5' is invalid/],
  ['orders --limit NaN', /'NaN' is invalid/],
  ['orders --limit 0x5', /'0x5' is invalid/],
  ['report --days 0', /'0' is invalid. It must be a whole number from 1 to 366/],
  ['simulator --port 70000', /'70000' is invalid/],
  ['simulator --time-scale 0', /'0' is invalid/],
  ['simulator --signing none', /Allowed choices are/],
  ['serve --config', /argument missing/],
]

test.each(wrong)(
  'budan %s is wrong usage: 2, and nothing on standard output',
  async (line, message) => {
    const { code, stdout, stderr } = await runInProcess(line.split(' ').filter(Boolean), {})
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  },
)

test.each(['en_US', 'zh_CN'])(
  'budan writes nothing on a %s terminal that it obeys',
  async (LANG) => {
    const hostile = 'p\u001b[2Jaid\u202e\u0007'
    for (const args of [
      [hostile],
      ['orders', '--status', hostile],
      ['orders', '--config', hostile],
    ]) {
      const { code, stderr } = await runInProcess(args, { LANG })
      expect(code).toBe(2)
      expect(stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    }
  },
)

test('budan help names a command, or all', async () => {
  const { code, stdout } = await runInProcess(['help', 'orders'], {})
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Usage: budan orders /)
  expect((await runInProcess(['help'], {})).stdout).toMatch(/^Usage: budan \[options\] \[command\]/)
})

test('bin/budan.js says what to do when the program was never built', async () => {
  const unbuilt = join(cwd, 'unbuilt')
  mkdirSync(join(unbuilt, 'bin'), { recursive: true })
  writeFileSync(join(unbuilt, 'package.json'), '{"type":"module"}')
  copyFileSync(new URL('../../bin/budan.js', import.meta.url), join(unbuilt, 'bin', 'budan.js'))
  const failed = promisify(execFile)(process.execPath, [join(unbuilt, 'bin', 'budan.js'), '--help'])
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'budan is not built yet: run "npm install" in its directory first\n',
  })
})

describe('a wrong configuration', () => {
  test.each([
    'serve',
    'run',
    'check RECH20260124150000AbCd1234Ef',
    'order RECH20260124150000AbCd1234Ef',
    'orders',
    'audit',
    'migrate',
  ])('stops budan %s with 2 and one line per fault', async (line) => {
    writeFileSync(join(cwd, 'wrong.yaml'), 'database: { url: "mysql://u:hidden@h/x" }\nbogus: {}\n')
    const args = [...line.split(' '), '--config', join(cwd, 'wrong.yaml')]
    const env = { RECHARGE_COMPENSATION_BATCH_SIZE: '0' }
    const { code, stdout, stderr } = await runInProcess(args, env)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    const lines = stderr.trimEnd().split('\n')
    expect(lines.slice(0, 3)).toEqual([
      'database.url: "mysql://…" is not a database: pglite:DIRECTORY, postgres://… or postgresql://…',
      'recharge.compensation_batch_size (RECHARGE_COMPENSATION_BATCH_SIZE): "0" is below the least, 1',
      'bogus: unknown section',
    ])
    const needsGateway = /^(serve|run|check)/.test(line)
    expect(lines.slice(3)).toEqual(
      needsGateway
        ? ['mch_id', 'app_id', 'serial_no', 'private_key_path', 'api_v3_key'].map(
            (key) => `wechat.${key}: not set (nor is WECHAT_${key.toUpperCase()})`,
          )
        : [],
    )
  })

  test('budan finds ./budan.yaml by itself', async () => {
    writeFileSync(join(cwd, 'budan.yaml'), 'server:\n\tport: 1\n')
    const { code, stderr } = await runBudan(['audit'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toBe('./budan.yaml line 2: a tab is used to indent; YAML takes blanks only\n')
    writeFileSync(join(cwd, 'budan.yaml'), '')
  })

  test('budan refuses a --config file that is not there', async () => {
    const { code, stderr } = await runBudan(['audit', '--config', './gone.yaml'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toBe('Cannot read configuration "./gone.yaml": no such file\n')
  })
})
