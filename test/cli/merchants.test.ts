import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { merchant, place } from '../contract/store-fixtures.ts'
import { openDirectory, runInProcess } from './budan.ts'

const directory = openDirectory()
const path = join(directory.path, 'budan.yaml')
const other = { ...merchant, mchid: '1900000202', appid: 'wx0000000000000202' }

function configure(...merchants: readonly object[]): void {
  const items = merchants.map((each) => `  - ${JSON.stringify(each)}\n`).join('')
  const file = `database: { url: "pglite:./data" }\nmerchants:\n${items}`
  writeFileSync(path, file, { mode: 0o600 })
}

const itemOf = (name: string, { mchid, appid }: typeof merchant) => ({
  ...{ name, mch_id: mchid, app_id: appid },
})
const budan = (...args: readonly string[]) => runInProcess([...args, '--config', path], {})

beforeAll(async () => {
  const store = await openStore(`pglite:${join(directory.path, 'data')}`)
  await store.migrate()
  for (const each of [merchant, other]) await place(store, { orderNo: 'EQUAL-0001', ...each })
  await store.close()
})
afterAll(() => directory.remove())

describe('the lists of the command line', () => {
  test('name the merchant where there are several, and take one by its name', async () => {
    configure(itemOf('shop-a', merchant), itemOf('shop-b', other))
    const { stdout } = await budan('orders')
    expect(stdout).toMatch(/^order_no +merchant +status/)
    expect(stdout).toMatch(/EQUAL-0001 +shop-b /)
    const { orders } = JSON.parse((await budan('orders', '--merchant', 'shop-b', '--json')).stdout)
    expect(orders).toMatchObject([{ order_no: 'EQUAL-0001', merchant: 'shop-b' }])
    const reviews = await budan('reviews', '--merchant', 'shop-b', '--json')
    expect(JSON.parse(reviews.stdout).reviews).toEqual([])
  })

  test.each(['orders', 'reviews'])('%s refuse a name that is none', async (list) => {
    configure(itemOf('shop-a', merchant), itemOf('shop-b', other))
    const { code, stderr } = await budan(list, '--merchant', 'nobody')
    expect([code, stderr]).toEqual([2, '--merchant: "nobody" is none that is configured\n'])
  })

  test('have no such column where there is one', async () => {
    configure(itemOf('shop-a', merchant))
    expect((await budan('orders')).stdout).toMatch(/^order_no +status/)
    const gone = await budan('orders', '--merchant', 'wechatpay/1900000202', '--json')
    expect(JSON.parse(gone.stdout).orders).toMatchObject([{ mchid: '1900000202', merchant: null }])
  })
})
