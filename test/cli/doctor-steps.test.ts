import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { configurationFault } from '../../src/cli/doctor/configuration.ts'
import { fail, ok, warn } from '../../src/cli/doctor/finding.ts'
import { nextSteps } from '../../src/cli/doctor/show.ts'
import { runCommand } from '../../src/cli/main.ts'
import { openDirectory, runInProcess } from './budan.ts'

const directory = openDirectory()
const dir = directory.path
afterAll(() => directory.remove())

const file = (name: string, text: string) => {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

describe('nextSteps()', () => {
  test('has the failures first, and what mends several things once', () => {
    const steps = nextSteps([
      warn('clock', { detail: 'a', next: 'look at the network' }),
      ok('key', 'fine'),
      fail('gateway', { detail: 'b', next: 'look at the network' }),
      warn('token', { detail: 'c', next: 'set a token' }),
      fail('schema', { detail: 'd', next: 'run `budan migrate`' }),
    ])
    expect(steps).toEqual(['look at the network', 'run `budan migrate`', 'set a token'])
  })
})

test.each([
  ['wechat.mch_id: not set (nor is WECHAT_MCH_ID)', /`budan init` prompts for it/],
  ['wechat.public_key_path: not set, but wechat.public_key_id is: give both', /`budan init`/],
  [
    'server.prot: unknown key; did you mean port?',
    /^correct the name server\.prot, or take it out$/,
  ],
  ['bogus: unknown section', /^correct the name bogus/],
  ['server.port: "x" is not a plain number', /^correct server\.port: docs\/configuration\.md/],
  [
    'server.port (SERVER_PORT): "x" is not a plain number',
    /^correct SERVER_PORT: docs\/configuration\.md/,
  ],
  [
    'recharge.compensation_recheck_mins[2]: "x" is not',
    /^correct recharge\.compensation_recheck_mins\[2\]:/,
  ],
  ['./budan.yaml line 7: a tab is used to indent', /^mend line 7 of \.\/budan\.yaml$/],
  ['Cannot read configuration "x.yaml": no such file', /--config, or have `budan init` write one$/],
  [
    './budan.yaml: must hold sections, like "server:"',
    /^correct the file: docs\/configuration\.md/,
  ],
])('the fault %j has a next step of its own', (fault, step) => {
  expect(configurationFault(fault)).toMatchObject({
    status: 'fail',
    next: expect.stringMatching(step),
  })
})

describe('budan doctor', () => {
  const path = () => file('incomplete.yaml', `database: { url: "pglite:${join(dir, 'none')}" }\n`)

  test('ends with a numbered list of next steps', async () => {
    const { code, stdout } = await runInProcess(['doctor', '--config', path()], {})
    expect(code).toBe(2)
    expect(stdout.slice(stdout.indexOf('\nNext steps:\n'))).toBe(
      [
        '',
        'Next steps:',
        '1. set what is missing, in the file or the environment; `budan init` prompts for it and writes a file',
        '2. run `budan migrate` or `budan serve`: both create it',
        '',
      ].join('\n'),
    )
  })

  test('has them in --json too, for each check and as a list', async () => {
    const { stdout } = await runInProcess(['doctor', '--json', '--config', path()], {})
    const { checks, next_steps } = JSON.parse(stdout)
    expect(next_steps).toHaveLength(2)
    for (const { status, next } of checks) expect(next === null).toBe(status === 'ok')
  })

  test('leaves them to the list on a terminal, where lines are short', async () => {
    let stdout = ''
    await runCommand(['doctor', '--config', path()], {
      ...{ env: {}, isInteractive: true, hasColor: false, err: () => {} },
      out: (text) => {
        stdout += text
      },
      stopRequested: () => new Promise(() => {}),
    })
    expect(stdout).not.toContain('->')
    expect(stdout).toMatch(/^1\. set what is missing/m)
  })

  test('says what to do about an embedded database that cannot be opened: 1 or 2', async () => {
    mkdirSync(join(dir, 'sub'))
    const taken = file('sub/taken', '')
    const config = file('taken.yaml', `database: { url: "pglite:${taken}" }\n`)
    const { stdout } = await runInProcess(['doctor', '--config', config], {})
    expect(stdout).toMatch(
      /^fail +database .*: a file is in its place -> take another directory, or move the file away/m,
    )
  })

  test.each([
    [['--config', dir], /^fail +configuration +Cannot read configuration ".*": it is a directory/m],
    [['--config', ''], /^fail +configuration +--config: is empty/m],
  ])('%j ends with 2 and a next step', async (args, message) => {
    const { code, stdout, stderr } = await runInProcess(['doctor', ...args], {})
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    expect(stdout).toMatch(message)
    expect(stdout).toMatch(/^Next steps:\n1\. /m)
  })
})
