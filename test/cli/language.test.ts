import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { widthOf } from '../../src/cli/terminal/layout.ts'
import type { Terminal } from '../../src/cli/terminal/terminal.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { englishIn } from '../unit/chinese.ts'
import {
  type Ended,
  openDirectory,
  type RunningCommand,
  runBudan,
  runInProcess,
  startBudan,
} from './budan.ts'

// One database from its creation on, shown in both languages. What a person typed looks like the
// program's own words, and must be left alone.

const directory = openDirectory()
const cwd = directory.path
const config = join(cwd, 'budan-simulator', 'budan.yaml')
const [paidNo, unpaidNo, reviewNo] = ['RECH-PAID-1', 'RECH-UNPAID-1', 'RECH-REVIEW-1']
const english = {
  DATABASE_URL: await freshPostgresUrl(),
  SERVER_PORT: '0',
  RECHARGE_COMPENSATION_ENABLED: 'false',
  RECHARGE_COMPENSATION_THRESHOLD_MINS: '0',
  LOG_LEVEL: 'silent',
  LANG: 'en_US.UTF-8',
}
const chinese = { ...english, LANG: 'zh_CN.UTF-8' }

let simulator: RunningCommand
let simulatorUrl: string

async function post(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!reply.ok) throw new Error(`POST ${url}: ${reply.status} ${await reply.text()}`)
}

const sim = (path: string, body: object = {}) => post(`${simulatorUrl}/_sim${path}`, body)

function budan(line: string, screen: Partial<Terminal> = {}): Promise<Ended> {
  return runInProcess([...line.split(' '), '--config', config], chinese, screen)
}

function inEnglish(line: string, screen: Partial<Terminal> = {}): Promise<Ended> {
  return runInProcess([...line.split(' '), '--config', config], english, screen)
}

beforeAll(async () => {
  simulator = startBudan(['simulator', '--port', '0', '--json'], { cwd })
  const [line] = await simulator.printed(/^\{.*\}$/m)
  simulatorUrl = (JSON.parse(line) as { url: string }).url
  const serving = startBudan(['serve', '--config', config], { cwd, env: chinese })
  const url = (await serving.printed(/^budan 已就绪：(\S+)$/m))[1] ?? ''
  const order = { adopt: true, user_id: 'not paid yet', description: 'expired {reason}' }
  for (const order_no of [paidNo, unpaidNo, reviewNo]) {
    await sim('/orders', { out_trade_no: order_no, total: 100 })
    await post(`${url}/v1/orders`, { ...order, order_no, amount: 100 })
  }
  await sim(`/orders/${paidNo}/pay`)
  const fault = { kind: 'answer', merge: { trade_state: 'REFUND' } }
  await sim('/faults', { operation: 'query', out_trade_no: reviewNo, fault, times: 1 })
  await post(`${url}/v1/orders/${reviewNo}/check`, {})
  serving.child.kill('SIGTERM')
  expect((await serving.ended).code).toBe(0)
})

afterAll(async () => {
  simulator.child.kill('SIGTERM')
  await simulator.ended
  directory.remove()
})

describe('in Chinese', () => {
  test('budan check and run say what was decided, and why', async () => {
    const check = await budan(`check ${unpaidNo}`)
    expect(check.stdout).toMatch(/^订单号 +RECH-UNPAID-1$/m)
    expect(check.stdout).toMatch(/^交易状态 +NOTPAY$/m)
    expect(check.stdout).toMatch(/^处理决定 +等待$/m)
    expect(check.stdout).toMatch(/^状态 +待确认 pending$/m)
    expect(check.stdout).toMatch(/^原因 +尚未支付$/m)
    const run = await budan('run')
    expect(run.code, run.stderr).toBe(0)
    expect(run.stdout).toMatch(/^订单号 +交易状态 +结果 +毫秒 +原因$/m)
    expect(run.stdout).toMatch(/^RECH-PAID-1 +SUCCESS +已入账 +\d+ +已支付，各项与订单一致$/m)
    expect(run.stdout).toMatch(
      /^补单批次 \S+ 已完成：共 \d 笔，入账 1，失败 0，无需入账 \d，耗时 \d+ 毫秒$/m,
    )
  })

  test('budan orders names each status with the word that --status takes', async () => {
    const { code, stdout } = await budan('orders')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^订单号 +状态 +金额 +用户 +创建时间 +交易单号 +入账方式$/m)
    expect(stdout).toMatch(/^RECH-PAID-1 +已入账 paid +¥1\.00 +not paid yet /m)
    expect(stdout).toMatch(/ 补单任务$/m)
    expect((await budan('orders --limit 1')).stderr).toMatch(/^下一页：--cursor \S+\n$/)
  })

  test('budan order leaves what the user wrote as it is', async () => {
    const { stdout } = await budan(`order ${paidNo}`)
    expect(stdout).toMatch(/^用户 +not paid yet$/m)
    expect(stdout).toMatch(/^商品描述 +expired \{reason\}$/m)
    expect(stdout).toMatch(/^入账方式 +补单任务$/m)
    expect(stdout).toMatch(/ 查单结果 +补单任务 \S+ +SUCCESS +入账 +已入账 paid +已支付，/m)
  })

  test('budan review prompts for the order number, and does what it says', async () => {
    const prompts: string[] = []
    const typeNothing = async (prompt: string) => {
      prompts.push(prompt)
      return ''
    }
    const words = '--name 李雷 --reason it-was-paid'
    const kept = await budan(`review ${reviewNo} --dismiss ${words}`, { prompt: typeNothing })
    expect(prompts).toEqual([`要办结（无需入账），请输入订单号（${reviewNo}）：`])
    expect(kept.stderr).toBe('未作任何改动：输入的不是该订单号。\n')
    expect(kept.stdout).toMatch(
      /^自 2\S+\+08:00 起待人工处理：曾经支付，已发起退款，支付渠道没有说明退款金额。.*查明退款金额/m,
    )
    expect(kept.stdout).toMatch(/^操作 +可行 +会怎样$/m)
    expect(kept.stdout).toMatch(/^入账 credit +否 +不可行：支付渠道的状态不是已支付，而是 NOTPAY$/m)
    const refused = await budan(`review ${reviewNo} --credit --yes ${words}`)
    expect(refused.stderr).toBe('未作任何改动：入账不可行：支付渠道的状态不是已支付，而是 NOTPAY\n')
    expect(refused.code).toBe(1)
  })

  test("an operator's reason is shown in the operator's own words", async () => {
    const dismissal = ['review', reviewNo, '--dismiss', '--yes', '--name', 'expired', '--reason']
    const done = await runInProcess([...dismissal, 'not paid yet', '--config', config], chinese)
    expect(done.stdout).toContain(`订单 ${reviewNo} 已办结（无需入账）\n`)
    const { stdout } = await budan(`order ${reviewNo}`)
    expect(stdout).toMatch(/ 已办结（无需入账） +人工处理 expired .* not paid yet$/m)
    const queue = await budan('reviews --dismissed')
    expect(queue.stdout).toMatch(/^订单号 +金额 +用户 +转人工时间 +原因 +办结人$/m)
    expect(queue.stdout).toMatch(
      /^RECH-REVIEW-1 .* 曾经支付，已发起退款，支付渠道没有说明退款金额 +expired$/m,
    )
  })

  test('budan audit keeps the names that programs read', async () => {
    const { code, stdout } = await budan('audit')
    expect(code).toBe(0)
    expect(stdout).toBe((await inEnglish('audit')).stdout)
    const boxed = await budan('audit', { isInteractive: true })
    expect(boxed.stdout).toMatch(/│ credited_twice +│ 0 +│ 入账两次的订单或支付 +│/)
  })

  test.each([
    ['order RECH-GONE-1', '找不到订单“RECH-GONE-1”\n', 1],
    ['check RECH-GONE-1', '找不到订单“RECH-GONE-1”\n', 1],
    ['orders --cursor bogus', '--cursor：不是本列表给出的\n', 2],
    ['review A --yes', '--yes：须与 --credit、--expire、--dismiss 之一同用\n', 2],
    [
      'review A --credit',
      '--name：使用 --credit 时必须给出\n--reason：使用 --credit 时必须给出\n',
      2,
    ],
    ['bogus', "错误：未知命令 'bogus'\n（用法见 --help）\n", 2],
    ['order', "错误：缺少参数 'order_no'\n（用法见 --help）\n", 2],
    [
      'run --dryrun',
      "错误：未知选项 '--dryrun'\n（是否想输入 --dry-run？）\n（用法见 --help）\n",
      2,
    ],
    [
      'orders --limit 0',
      "错误：选项 '--limit <count>' 的值 '0' 无效。须为 1 到 200 的整数。\n（用法见 --help）\n",
      2,
    ],
  ])('budan %s prints that in Chinese, with the same exit code', async (line, stderr, code) => {
    expect(await budan(line)).toEqual({ code, stdout: '', stderr })
    expect((await inEnglish(line)).code).toBe(code)
  })

  test('a wrong configuration is reported by its keys', async () => {
    const env = { ...chinese, DATABASE_URL: 'mysql://u:hidden@h/x', SERVER_PORT: '70000' }
    const { code, stderr } = await runInProcess(['audit'], env)
    expect(code).toBe(2)
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      'server.port（SERVER_PORT）："70000" 高于上限 65535',
      'database.url（DATABASE_URL）："mysql://…" 不是数据库：应为 pglite:目录、postgres://… 或 postgresql://…',
    ])
  })

  test('--help is in Chinese for every command, but for what is typed', async () => {
    const { stdout: all } = await runInProcess(['--help'], chinese)
    const names = [...all.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name = '']) => name)
    expect(names).toContain('serve')
    for (const name of [...names, '']) {
      const { code, stdout } = await runInProcess([name, '--help'].filter(Boolean), chinese)
      expect(code).toBe(0)
      const said = stdout
        // The usage line, and the terms on the left.
        .replace(/^用法: .*$/m, '')
        .replaceAll(/^ {2}\S.*?(?= {2}|$)/gm, '')
        .replaceAll(/（可选：[^）]*）|（默认：[^）]*）/g, '')
      expect({ name, left: englishIn(said) }).toEqual({ name, left: [] })
    }
  })

  test('what a program reads is the same, byte by byte', async () => {
    const lines = ['orders', `order ${paidNo}`, 'reviews --dismissed', 'audit', `check ${paidNo}`]
    for (const line of lines) {
      const [one, other] = [await inEnglish(`${line} --json`), await budan(`${line} --json`)]
      expect(other.code).toBe(one.code)
      // A check adds to the timeline, and nothing else in here depends on the moment.
      expect(other.stdout).toBe(one.stdout)
      expect(() => JSON.parse(other.stdout)).not.toThrow()
    }
  })

  test('the log is in English', async () => {
    const { stdout, stderr } = await runBudan(['run', '--config', config], {
      ...{ cwd, env: { ...chinese, LOG_LEVEL: 'info', LOG_FORMAT: 'json' } },
    })
    const logged = `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('{'))
    expect(logged.length).toBeGreaterThan(0)
    expect(stdout).toMatch(/^补单批次 /m)
    for (const line of logged) expect(line).not.toMatch(/\p{Script=Han}/u)
  })
})

describe('on a terminal', () => {
  const lines = [`order ${paidNo}`, 'reviews --dismissed', `review ${reviewNo}`]

  test.each([120, 80])('no box is wider than %i columns', async (columns) => {
    let boxes = 0
    for (const line of lines) {
      for (const speak of [budan, inEnglish]) {
        const { stdout } = await speak(line, { isInteractive: true, columns })
        const boxed = stdout.split('\n').filter((each) => /^[│┌├└]/.test(each))
        boxes += boxed.length
        for (const each of boxed) {
          expect(widthOf(each)).toBeLessThanOrEqual(columns)
          expect(each).toMatch(/[│┐┤┘]$/)
        }
      }
    }
    expect(boxes).toBeGreaterThan(0)
  })

  test('a table that is too wide for a box is printed row by row', async () => {
    const { stdout } = await inEnglish('orders', { isInteractive: true, columns: 60 })
    expect(stdout).not.toMatch(/[│┌]/)
    expect(stdout).toMatch(/^order_no +RECH-PAID-1$/m)
    expect(stdout.split('\n\n')).toHaveLength(3)
  })

  test('statuses are in colours, and in none where there are none', async () => {
    const colored = await budan('orders', { isInteractive: true, hasColor: true })
    expect(colored.stdout).toContain('\u001b[32m已入账 paid\u001b[39m')
    expect(colored.stdout).toContain('\u001b[33m待人工处理 review\u001b[39m')
    const plain = await budan('orders', { isInteractive: true, hasColor: false })
    expect(plain.stdout).not.toContain('\u001b')
    const piped = await budan('orders')
    expect(piped.stdout).not.toContain('│')
    expect(piped.stdout).not.toContain('\u001b')
  })

  test('a reader that leaves early is no failure', async () => {
    const entry = fileURLToPath(new URL('../../bin/budan.js', import.meta.url))
    const line = `"${process.execPath}" "${entry}" orders --config "${config}" | head -n 1`
    const env = { PATH: process.env.PATH, HOME: cwd, ...chinese }
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', line], { cwd, env })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^订单号 .*\n$/)
  })
})
