import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { bareFen, fillEachState, names, orderNoOf } from '../support/each-state.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openWorld, type World } from '../support/world.ts'
import { openDirectory, runInProcess } from './budan.ts'

const directory = openDirectory()
const url = await freshPostgresUrl()
let world: World

beforeAll(async () => {
  world = await openWorld({ store: await openStore(url) })
  await fillEachState(world)
})

afterAll(async () => {
  await world.close()
  directory.remove()
})

const lines = [
  ...['orders', 'orders --status pending', 'reviews', 'reviews --dismissed', 'audit'],
  ...names.map((name) => `order ${orderNoOf(name)}`),
]

describe.each(['en_US.UTF-8', 'zh_CN.UTF-8'])('budan, in %s,', (LANG) => {
  it.each(lines)(
    '%s shows yuan and the time of Shanghai, and calls nothing unpaid',
    async (line) => {
      const env = { DATABASE_URL: url, LANG }
      const { code, stdout, stderr } = await runInProcess(line.split(' '), env)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).not.toMatch(bareFen)
      expect(stdout).not.toMatch(/\d\d:\d\d:\d\d(\.\d+)?Z/)
      expect(stdout).not.toMatch(/unpaid|on its way back|待支付|款项正在退回/i)
      if (line.startsWith('order')) expect(stdout).toContain('¥12345.67')
      if (line !== 'audit') expect(stdout).toMatch(/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00/)
    },
  )

  it('orders as JSON have fen and UTC, for programs', async () => {
    const { stdout } = await runInProcess(['orders', '--json'], { DATABASE_URL: url, LANG })
    const [order] = JSON.parse(stdout).orders
    expect(order).toMatchObject({ amount: 1_234_567, created_at: expect.stringMatching(/Z$/) })
  })
})

it('a second placing or adoption with another amount is refused in yuan', async () => {
  const { budan } = world
  const request = { userId: 'u1', description: 'x', attach: null, idempotencyKey: 'k1' }
  await budan.placeOrder({ ...request, amount: 1_234_567n })
  const placed = await budan.placeOrder({ ...request, amount: 1_234_566n })
  const adopting = { orderNo: orderNoOf('PAID'), userId: 'u1', description: '' }
  const times = { createdAt: null, expiresAt: null }
  const adopted = await budan.adoptOrder({ ...adopting, ...times, amount: 1n })
  for (const { kind, message } of [placed, adopted] as { kind: string; message?: string }[]) {
    expect(kind).toBe('conflict')
    expect(message).toMatch(/with the amount ¥12345\.67$/)
  }
})
