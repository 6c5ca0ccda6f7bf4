import { expect } from 'vitest'
import { type Company, openCompany } from '../support/merchants.ts'
import { freshStore } from '../support/stores.ts'
import type { Attacks } from './site.ts'

/** Of another merchant of the same service. */
export const neighbours: Attacks = {
  M1: () =>
    withCompany({}, async ({ budan, store, callback }) => {
      const payment = await callback('shop-b', 'EQUAL-1')
      expect(await budan.receiveCallback(payment, { merchant: 'shop-a' })).toMatchObject({
        kind: 'rejected',
      })
      expect((await store.balance('of shop-a')).balance).toBe(0n)
    }),
  M2: () =>
    withCompany({ sharedKeys: true }, async ({ budan, store, callback }) => {
      const payment = await callback('shop-b', 'EQUAL-1')
      expect(await budan.receiveCallback(payment, { merchant: 'shop-a' })).toMatchObject({
        ...{ kind: 'rejected', status: 400 },
      })
      expect((await store.balance('of shop-a')).balance).toBe(0n)
      expect(await budan.receiveCallback(payment, { merchant: 'shop-b' })).toMatchObject({
        decision: 'pay',
      })
      expect((await store.balance('of shop-b')).balance).toBe(100n)
    }),
}

/** Both have an order of the same number; that of `shop-b` is paid. */
async function withCompany(
  options: { sharedKeys?: boolean },
  attack: (company: Company) => Promise<void>,
): Promise<void> {
  const store = await freshStore('pglite')
  const company = await openCompany(['shop-a', 'shop-b'], { ...options, store })
  try {
    for (const name of ['shop-a', 'shop-b']) await company.adopt(name, 'EQUAL-1')
    company.member('shop-b').simulator.control.pay('EQUAL-1', { callback: false })
    await attack(company)
    const broken = Object.entries(await store.audit()).filter(([, count]) => count !== 0)
    expect(broken).toEqual([])
  } finally {
    await company.close()
  }
}
