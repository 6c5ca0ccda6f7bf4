import { describe, expect, it } from 'vitest'
import { corrupt, place, placePaid } from '../contract/store-fixtures.ts'
import { freshDatabase } from '../support/stores.ts'
import { type Desk, useDesks } from './desk.ts'

const openDesk = useDesks()
const audit = (desk: Desk) => desk.send('/audit', {}, '/audit')

describe('the audit', () => {
  it('says that none was made yet, and is all well once it was', async () => {
    const desk = await openDesk()
    await placePaid(desk.world.store)
    expect((await desk.read('/audit')).text).toContain('No audit has run')
    const page = await audit(desk)
    expect(page.text).toContain('OK: the ledger agrees with the orders.')
    expect(page.text).toContain('As of 2026-01-24 15:00:00')
    expect(page.text).toMatch(/It took [\d.]+ (ms|s)/)
    expect(page.text.match(/✓ 0/g)).toHaveLength(6)
  })

  it('explains each count in Chinese', async () => {
    const desk = await openDesk({ locale: 'zh' })
    const page = await audit(desk)
    expect(page.text).toContain('一切正常，账目相符。')
    expect(page.text).toContain('已支付未入账')
  })

  it('lists the orders behind a count that is not 0, with what is wrong and what to do', async () => {
    const { store, database } = await freshDatabase('pglite')
    const desk = await openDesk({ store })
    const broken = await placePaid(store)
    await placePaid(store)
    await corrupt({ database }, [`delete from entries where order_no = '${broken.orderNo}'`])
    const page = await audit(desk)
    expect(page.text).toContain('The ledger does not agree with the orders.')
    expect(page.text).toContain('Paid, not credited ✗ 1')
    expect(page.text).toContain('What to do: The user paid and has no credit.')
    // Without its entries it is unbalanced, too.
    expect(desk.links(page, /RECH/)).toEqual(Array(2).fill(`/orders/${broken.orderNo}`))
    const order = await desk.read(`/orders/${broken.orderNo}`)
    expect(order.text).toContain('the ledger is damaged')
  })

  it('lists at most a hundred orders of each', async () => {
    const { store, database } = await freshDatabase('pglite')
    const desk = await openDesk({ store })
    for (let count = 0; count < 103; count += 1) await place(store)
    await corrupt({ database }, [`delete from order_events`])
    const page = await audit(desk)
    expect(page.text).toContain('Unexplained ✗ 103')
    expect(desk.links(page, /RECH/)).toHaveLength(100)
    expect(page.text).toContain('Only the first 100 are shown.')
  })

  it('shows the last audit until the next one is made', async () => {
    const { store, database } = await freshDatabase('pglite')
    const desk = await openDesk({ store })
    const { orderNo } = await placePaid(store)
    await audit(desk)
    await corrupt({ database }, [`delete from entries where order_no = '${orderNo}'`])
    expect((await desk.read('/audit')).text).toContain('OK: the ledger agrees')
    await desk.world.advanceMins(3)
    const page = await audit(desk)
    expect(page.text).toContain('As of 2026-01-24 15:03:00')
    expect(page.text).toContain('The ledger does not agree with the orders.')
  })
})
