import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { examineAlerts } from '../../src/cli/doctor/alerts.ts'
import type { AlertConfig } from '../../src/config/config.ts'
import { openStore } from '../../src/store/open.ts'
import { keys, openRobots, type Robots } from '../alerts/robots.ts'
import { placePaid } from '../contract/store-fixtures.ts'
import { openDirectory, runInProcess } from './budan.ts'

const directory = openDirectory()
const data = join(directory.path, 'data')
let robots: Robots
let file: string

beforeAll(async () => {
  robots = await openRobots()
  file = join(directory.path, 'budan.yaml')
  const { wecom, dingtalk, heartbeat } = robots.urls
  writeFileSync(
    file,
    `database: { url: "pglite:${data}" }
alerts:
  - { kind: wecom, url: "${wecom}", language: en }
  - { kind: dingtalk, name: night, url: "${dingtalk}", secret: wrong-${keys.dingtalkSecret} }
  - { kind: heartbeat, url: "${heartbeat}" }
`,
  )
})
afterAll(async () => {
  await robots.close()
  directory.remove()
})

const budan = (...args: readonly string[]) =>
  runInProcess(['--config', file, ...args], { LOG_LEVEL: 'silent' })

describe('budan alerts test', () => {
  test('sends a message to each, and prints what is answered, without their urls', async () => {
    const { code, stdout, stderr } = await budan('alerts', 'test')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^wecom +wecom +ok +HTTP 200$/m)
    expect(stdout).toMatch(/^night +dingtalk +failed +310000: sign not match$/m)
    expect(stdout).toMatch(/^heartbeat +heartbeat +ok +HTTP 200$/m)
    expect(stdout + stderr).not.toMatch(/SEC01|key=|access_token/)
    expect(robots.texts('wecom')).toEqual([expect.stringContaining('[budan] A test')])
  })

  test('sends to one alone, and says it as JSON', async () => {
    const { code, stdout } = await budan('alerts', 'test', '--name', 'wecom', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      alerts: [{ name: 'wecom', kind: 'wecom', taken: true, answer: 'HTTP 200' }],
    })
  })

  test('says that a name is none, and that none are configured', async () => {
    expect(await budan('alerts', 'test', '--name', 'wecon')).toMatchObject({
      ...{ code: 2, stderr: '--name: "wecon" is the name of no alert; did you mean wecom?\n' },
    })
    const none = await runInProcess(['alerts', 'test'], { DATABASE_URL: `pglite:${data}` })
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('alerts: not set') })
  })
})

test('budan audit notifies when the books do not agree, and names who cannot be notified', async () => {
  const store = await openStore(`pglite:${data}`)
  await store.migrate()
  const { orderNo } = await placePaid(store)
  await store.close()
  const before = robots.texts('wecom').length
  expect(await budan('audit')).toMatchObject({ code: 0 })
  expect(robots.texts('wecom')).toHaveLength(before)
  const database = await PGlite.create(data)
  await database.exec(
    `set search_path = budan, public; set session_replication_role = replica;
     update orders set amount = 999 where order_no = '${orderNo}'`,
  )
  await database.close()
  const { code, stderr } = await budan('audit')
  expect(code).toBe(1)
  expect(stderr).toContain('Cannot notify "night" of it: 310000: sign not match')
  expect(robots.texts('wecom').slice(before)).toEqual([expect.stringContaining('mismatched=1')])
})

describe('examineAlerts()', () => {
  const alert = (kind: AlertConfig['kind'], url: string): AlertConfig => ({
    ...{ name: 'a', kind, url, secret: null, language: 'zh' },
  })

  test.each([
    ['wecom', 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY'],
    ['dingtalk', 'https://oapi.dingtalk.com/robot/send?access_token=T'],
    ['feishu', 'https://open.feishu.cn/open-apis/bot/v2/hook/ID'],
    ['feishu', 'https://open.larksuite.com/open-apis/bot/v2/hook/ID'],
    ['webhook', 'https://pager.example.com/x'],
    ['heartbeat', 'http://watchdog/x'],
  ] as const)('takes %s at %s', (kind, url) => {
    const [finding] = examineAlerts([alert(kind, url)])
    expect(finding).toMatchObject({ name: 'alert a', status: 'ok' })
    expect(finding?.detail).not.toMatch(/KEY|ID|access_token/)
  })

  test.each([
    ['wecom', 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send', /has no key$/],
    ['wecom', 'https://qyapi.weixin.qq.com/webhook/send?key=KEY', /path is not that of a robot$/],
    ['dingtalk', 'https://oapi.dingtalk.com/robot/send?access_token=', /has no access_token$/],
    ['feishu', 'https://open.feishu.cn/open-apis/bot/hook/ID', /path is not that/],
    ['feishu', 'https://feishu.example.com/open-apis/bot/v2/hook/ID', /host is not the usual one/],
  ] as const)('warns of %s at %s', (kind, url, detail) => {
    const [finding] = examineAlerts([alert(kind, url)])
    expect(finding).toMatchObject({
      ...{ status: 'warn', detail: expect.stringMatching(detail) },
      next: expect.stringMatching(/budan alerts test --name a$/),
    })
    expect(JSON.stringify(finding)).not.toMatch(/KEY|\bID\b/)
  })
})
