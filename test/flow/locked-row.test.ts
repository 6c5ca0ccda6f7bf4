import pg from 'pg'
import { expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

const world = useWorlds()

it('a row that somebody else holds delays its own order, and none that is settled with it', async () => {
  const url = await freshPostgresUrl()
  const now = new Date('2026-01-24T07:00:00Z')
  const clock = { now }
  const store = await openStore(url, { clock: () => clock.now })
  const opened = await world({ store, recharge: { compensationConcurrency: 10 } })
  for (let n = 10; n < 20; n += 1) {
    await opened.adopt(`ORDER-${n}`)
    opened.control.pay(`ORDER-${n}`, { callback: false })
  }
  clock.now = new Date(+now + 6 * 60_000)
  // All are answered together, and after the row is held.
  opened.control.addFault({ operation: 'query', fault: { kind: 'slow', ms: 500 } })
  const holder = new pg.Client(url)
  await holder.connect()
  const running = opened.budan.run({ dryRun: false })
  // After the claim, which passes over a locked row.
  await opened.waitFor('scan_found')
  await holder.query(`begin; select 1 from orders where order_no = 'ORDER-15' for no key update`)
  const startedAt = performance.now()
  const credited = () => opened.events.filter(({ type }) => type === 'order_credited').length
  while (credited() < 9) await opened.waitFor('order_credited', { from: opened.events.length })
  // A transaction waits ten seconds for a locked row.
  expect(performance.now() - startedAt).toBeLessThan(9_500)
  expect((await opened.order('ORDER-15')).status).toBe('pending')
  await holder.query('commit')
  await holder.end()
  expect((await running).run).toMatchObject({ success: 10, failed: 0 })
})
