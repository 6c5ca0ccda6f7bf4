import { expect, it } from 'vitest'
import { place, placePaid } from '../contract/store-fixtures.ts'

import { useDesks } from './desk.ts'

const openDesk = useDesks()
it('the search leads to the account of a user, whatever blanks are around the id', async () => {
  const desk = await openDesk()
  const { status, location } = await desk.read('/accounts?user_id=+alice%09')
  expect([status, location]).toEqual([303, '/accounts/alice'])
})

it.each([
  ['', 'Give the id of a user.'],
  ['   ', 'Give the id of a user.'],
  ['x'.repeat(65), 'at most 64 characters'],
  ['a\u0007b', 'cannot be printed'],
])('the search says beside the field what is wrong with %j', async (userId, message) => {
  const desk = await openDesk()
  const page = await desk.read(`/accounts?${new URLSearchParams({ user_id: userId })}`)
  expect(page.status).toBe(422)
  expect(page.text).toContain(message)
})

it('an account shows its balance and its statement, newest first, page by page', async () => {
  const desk = await openDesk()
  const { store } = desk.world
  const orders = []
  for (let count = 0; count < 60; count += 1) {
    orders.push(await placePaid(store, { userId: 'alice', amount: 100n }))
  }
  await placePaid(store, { userId: 'bob', amount: 7n })
  const first = await desk.read('/accounts/alice')
  expect(first.text).toContain('¥60.00 CNY')
  const newest = orders.at(-1)
  expect(first.text).toContain(
    `${newest?.orderNo} ¥1.00 ¥60.00 ${timeOf(newest?.creditedAt)} ${newest?.transactionId}`,
  )
  const [next = ''] = desk.links(first, /Next page/)
  const second = await desk.read(next)
  const links = [first, second].flatMap((page) => desk.links(page, /^RECH/))
  expect(links).toEqual(orders.map(({ orderNo }) => `/orders/${orderNo}`).reverse())
  expect(second.text).toContain('¥1.00 ¥1.00')
  expect(desk.links(second, /Next page/)).toEqual([])
})

/** As the store's own clock had it; all in UTC+8. */
function timeOf(at: Date | null | undefined): string {
  return new Date(+(at ?? 0) + 8 * 3_600_000).toISOString().replace('T', ' ').slice(0, 19)
}

it.each(['a/b', '..', '.', '张三 李四', '<b>&"\'', '100%', '?#', '\u202Eevil'])(
  'an account of the user id %j is found, and shown as text',
  async (userId) => {
    const desk = await openDesk()
    const { orderNo } = await placePaid(desk.world.store, { userId, amount: 4321n })
    const found = await desk.read(`/accounts?user_id=${encodeURIComponent(userId)}`)
    const page = found.location === undefined ? found : await desk.read(found.location)
    expect(page.status).toBe(200)
    expect(page.text).toContain('¥43.21')
    expect(page.text).toContain(`Account of ${userId}`)
    expect(desk.links(page, /^RECH/)).toEqual([`/orders/${orderNo}`])
    expect(page.html).not.toContain('<b>')
    const [orders = ''] = desk.links(page, /Orders of this user/)
    expect(desk.links(await desk.read(orders), /^RECH| RECH/)).toContain(`/orders/${orderNo}`)
  },
)

it('an account that was never credited says so, and leads to the orders', async () => {
  const desk = await openDesk()
  await place(desk.world.store, { userId: 'waiting' })
  const page = await desk.read('/accounts/waiting')
  expect(page.text).toContain('¥0.00')
  expect(page.text).toContain('This user has no credits.')
  expect(desk.links(page, /Orders of this user/)).toEqual(['/orders?user_id=waiting'])
})

it('a cursor that is none is refused without a word of the inside', async () => {
  const desk = await openDesk()
  for (const query of ['cursor=x', 'cursor=x&cursor=y']) {
    const page = await desk.read(`/accounts/alice?${query}`)
    expect([query, page.status]).toEqual([query, 400])
    expect(page.text).toContain('cursor')
  }
})
