import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { placePaid } from '../contract/store-fixtures.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openDirectory, runInProcess, startBudan } from './budan.ts'

const { path: cwd } = openDirectory()
const config = join(cwd, 'budan.yaml')
const env = { DATABASE_URL: await freshPostgresUrl(), LOG_LEVEL: 'silent' }
const budan = (...args: string[]) => runInProcess(['events', ...args, '--config', config], env)

interface Line {
  readonly type: string
  readonly data: { readonly order_no: string; readonly amount: number }
  readonly cursor: string
}

describe('budan events', () => {
  let store: Store
  const paid: string[] = []
  beforeAll(async () => {
    writeFileSync(config, 'log: { level: silent }\n')
    store = await openStore(env.DATABASE_URL)
    for (let nth = 0; nth < 3; nth += 1) paid.push((await placePaid(store)).orderNo)
  })
  afterAll(() => store.close())

  test('shows a page, oldest first, and where the next one begins', async () => {
    const first = await budan('--limit', '2')
    expect(first).toMatchObject({ code: 0 })
    const shown = first.stdout.split('\n').filter((line) => line.includes('order.paid'))
    expect(shown.map((line) => paid.findIndex((orderNo) => line.includes(orderNo)))).toEqual([0, 1])
    const [, cursor = ''] = /more: --after (\S+)/.exec(first.stderr) ?? []
    const second = JSON.parse((await budan('--after', cursor, '--json')).stdout)
    expect(second).toMatchObject({
      events: [{ type: 'order.paid', data: { order_no: paid[2] } }],
      next_cursor: expect.any(String),
    })
    const end = await budan('--after', second.next_cursor, '--json')
    expect(JSON.parse(end.stdout)).toEqual({ events: [], next_cursor: second.next_cursor })
  })

  test('shows some types alone, and names those that there are not', async () => {
    const { stdout } = await budan('--types', 'order.expired,order.paid', '--json')
    expect(JSON.parse(stdout).events).toHaveLength(3)
    expect(JSON.parse((await budan('--types', 'order.expired', '--json')).stdout).events).toEqual(
      [],
    )
    const wrong = await budan('--types', 'order.payd')
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('order.payd')])
    expect(await budan('--limit', '201')).toMatchObject({ code: 2 })
  })

  test('says which cursor is none, and which is of another database', async () => {
    const none = await budan('--after', 'page-2')
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('--after')])
    const other = await openStore(await freshPostgresUrl())
    await placePaid(other)
    await other.positionEvents({ limit: 10 })
    const { nextCursor } = await other.readEvents({ after: null, types: null, limit: 1 })
    await other.close()
    const gone = await budan('--after', nextCursor ?? '')
    expect([gone.code, gone.stdout]).toEqual([1, ''])
    expect(gone.stderr).not.toBe('')
  })

  test('follows what is published later, until it is stopped', async () => {
    const following = startBudan(['events', '--follow', '--json', '--config', config], { cwd, env })
    await following.printed(new RegExp(`.*${paid[2]}.*\n`))
    const { orderNo } = await placePaid(store)
    const [line] = await following.printed(new RegExp(`.*${orderNo}.*\n`))
    expect(JSON.parse(line)).toMatchObject({ type: 'order.paid', data: { order_no: orderNo } })
    following.child.kill('SIGINT')
    const { code, stdout } = await following.ended
    expect(code).toBe(0)
    const lines = stdout
      .trim()
      .split('\n')
      .map((each) => JSON.parse(each) as Line)
    expect(lines.map(({ data }) => data.order_no)).toEqual([...paid, orderNo])
    // The cursor behind a line goes on with the next one.
    const { stdout: rest } = await budan('--after', lines.at(-2)?.cursor ?? '', '--json')
    expect(JSON.parse(rest).events).toMatchObject([{ data: { order_no: orderNo } }])
  })
})
