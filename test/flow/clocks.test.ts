import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { openService } from '../../src/service.ts'
import { freshStore } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

/** The clocks of database, node and gateway disagree, and it is not known which of them is right. */

const world = useWorlds()
const hourMs = 3_600_000

/** A world whose database can be set to another time. */
async function opened(kind: 'pglite' | 'postgres', skew = { databaseMs: 0, nodeMs: 0 }) {
  const late: { now?: () => Date } = {}
  const store = await freshStore(kind, {
    clock: () => new Date(+(late.now?.() ?? new Date(Date.UTC(2026, 0, 24, 7))) + skew.databaseMs),
  })
  const here = await world({ store, skewMs: () => skew.nodeMs })
  late.now = here.now
  return { here, skew }
}

function closings({ control }: World): number {
  return control.requests({ operation: 'close' }).length
}

function typesOf(events: readonly Event[]): readonly string[] {
  return events.map(({ type }) => type).filter((type) => type.startsWith('clocks_'))
}

async function clocksCheck({ budan }: World) {
  const { checks } = await budan.readiness()
  return checks.find(({ name }) => name === 'clocks')
}

describe.each(['pglite', 'postgres'] as const)('clocks that disagree, on %s', (kind) => {
  it.each([
    ['the database is 3 h ahead', { databaseMs: 3 * hourMs, nodeMs: 0 }],
    ['the database is 90 s ahead', { databaseMs: 90_000, nodeMs: 0 }],
    ['this node is 90 s behind', { databaseMs: 0, nodeMs: -90_000 }],
    [
      'database and node are both 90 s ahead of the gateway',
      { databaseMs: 90_000, nodeMs: 90_000 },
    ],
  ])('close nothing, and credit what is paid: %s', async (_name, wrong) => {
    const { here, skew } = await opened(kind)
    await here.adopt('UNPAID-1', { ttlMins: 30 })
    await here.adopt('PAID-1', { ttlMins: 30, userId: 'payer' })
    Object.assign(skew, wrong)
    await here.advanceMins(10)
    here.control.pay('PAID-1', { callback: false })
    for (let runs = 0; runs < 3; runs += 1) {
      await here.advanceMins(20)
      await here.budan.run({ dryRun: false })
      await here.budan.checkOrder('UNPAID-1')
    }
    expect(await here.balance('payer')).toBe(100n)
    expect(closings(here)).toBe(0)
    expect(await here.order('UNPAID-1')).toMatchObject({ status: 'pending' })
    expect((await here.timeline('UNPAID-1')).at(-1)?.reason).toMatch(/as the clocks disagree/)
    expect(await clocksCheck(here)).toMatchObject({ ok: false })

    Object.assign(skew, { databaseMs: 0, nodeMs: 0 })
    await here.advanceMins(300)
    await here.budan.run({ dryRun: false })
    expect(closings(here)).toBe(1)
    expect(await here.order('UNPAID-1')).toMatchObject({ status: 'expired' })
    expect(await clocksCheck(here)).toMatchObject({
      ...{ ok: true, detail: 'those of database, node and gateway agree' },
    })
    expect(typesOf(here.events)).toEqual(['clocks_disagree', 'clocks_agree'])
  })

  it('end no order that the gateway does not know, and count no absence of then', async () => {
    const { here, skew } = await opened(kind)
    const facts = { userId: 'u1', amount: 100n, description: '' }
    const expiresAt = new Date(+here.now() + hourMs)
    await here.adopt('KNOWN-1', { ttlMins: 14 * 24 * 60 })
    await here.budan.adoptOrder({ orderNo: 'UNKNOWN-1', ...facts, createdAt: null, expiresAt })
    skew.databaseMs = 3 * hourMs
    for (let runs = 0; runs < 6; runs += 1) {
      await here.advanceMins(5)
      await here.budan.run({ dryRun: false })
      skew.databaseMs += hourMs
    }
    expect(await here.order('UNKNOWN-1')).toMatchObject({ status: 'pending', absentCount: 0 })
  })

  it('say which two disagree, and by how much', async () => {
    const { here, skew } = await opened(kind)
    await here.adopt('ORDER-1')
    await here.budan.checkOrder('ORDER-1')
    skew.databaseMs = -7_200_000
    expect((await clocksCheck(here))?.detail).toBe(
      "no order is closed meanwhile: the database's clock is 7200 s behind this node's; the database's clock is 7200 s behind the gateway's",
    )
    skew.databaseMs = 50_000
    expect(await clocksCheck(here)).toMatchObject({ ok: true })
  })

  it('close nothing in the library either, also where a gateway never sends the time', async () => {
    const skew = { databaseMs: 0, nodeMs: 0 }
    const { here } = await opened(kind, skew)
    const [merchant] = here.config.merchants
    if (merchant === undefined) throw new Error('No gateway is configured')
    const { clockOffset: _, ...gateway } = createWechatGateway(merchant, {
      emit: () => undefined,
      clock: here.now,
    })
    const { store } = here
    const budan = await openService(here.config, { store, gateway, clock: here.now })
    await here.adopt('UNPAID-1', { ttlMins: 30 })
    skew.databaseMs = 3 * hourMs
    await budan.run({ dryRun: false })
    expect(closings(here)).toBe(0)
    skew.databaseMs = 0
    await here.advanceMins(240)
    await budan.run({ dryRun: false })
    expect(closings(here)).toBe(1)
    await gateway.stop()
  })
})
