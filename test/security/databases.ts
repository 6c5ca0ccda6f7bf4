import { expect } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { closeLater } from '../support/open-stores.ts'
import { execute, newRole } from '../support/roles.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import type { Attacks, OpenSite, Site } from './site.ts'

/** What would make money of nothing, move it, or hide what became of it. */
const changes = [
  `update budan.transfers set amount = 1`,
  `update budan.entries set account = 'user:thief' where amount > 0`,
  `update budan.order_events set reason = 'forged'`,
  `update budan.orders set user_id = 'thief'`,
  `update budan.orders set amount = 1`,
  `delete from budan.entries`,
  `delete from budan.transfers`,
  `delete from budan.orders`,
  `delete from budan.order_events where to_status is not null`,
]

/** What only an owner or superuser may do. */
const ownersWork = [
  `truncate budan.entries`,
  `drop table budan.entries cascade`,
  `alter table budan.entries disable trigger all`,
  `set session_replication_role = replica`,
  `drop schema budan cascade`,
  `create function budan.budan_forged() returns int language sql as 'select 1'`,
]

/** By a missing right, a trigger or a constraint; not by a slip in the statement. */
const refused = /permission denied|must be owner|violates|^I\d: /

/** Of somebody who may write statements of their own. */
export const databases: Attacks = {
  D1: async (open) => {
    const { site, roleUrl } = await creditedOnPostgres(open)
    for (const statement of [...changes, ...ownersWork]) {
      await expect(execute(roleUrl, statement), statement).rejects.toThrow(refused)
    }
    await site.expectBalances({ u1: 100n, thief: 0n })
  },
  D2: async (open) => {
    const { site, ownerUrl } = await creditedOnPostgres(open)
    for (const statement of changes) {
      await expect(execute(ownerUrl, statement), statement).rejects.toThrow(refused)
    }
    await site.expectBalances({ u1: 100n, thief: 0n })
  },
  D3: async (open) => {
    const { site, roleUrl } = await creditedOnPostgres(open)
    const entry = (leg: number, account: string, amount: number) =>
      `('ORDER-1', ${leg}, '${account}', ${amount}, 'CNY', now())`
    const into = 'insert into budan.entries (order_no, leg, account, amount, currency, at) values'
    for (const statement of [
      `${into} ${entry(2, 'user:thief', 100)}`,
      `${into} ${entry(3, 'gateway:x', -100)}, ${entry(4, 'user:thief', 100)}`,
      `insert into budan.transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid, created_at)
         select order_no, gateway, 'forged', amount, currency, mchid, appid, now() from budan.orders`,
      `update budan.orders set status = 'paid' where status = 'pending'`,
    ]) {
      await expect(execute(roleUrl, statement), statement).rejects.toThrow(refused)
    }
    await site.expectBalances({ u1: 100n, thief: 0n })
  },
}

/** A service whose role owns nothing; one order of two is paid and credited. */
async function creditedOnPostgres(
  open: OpenSite,
): Promise<{ site: Site; roleUrl: string; ownerUrl: string }> {
  const ownerUrl = await freshPostgresUrl()
  const role = await newRole(ownerUrl)
  const owner = await openStore(ownerUrl)
  await owner.migrate({ grants: role.name })
  await owner.close()
  let now = () => new Date('2026-01-24T07:00:00Z')
  const store = await openStore(role.url, { clock: () => now() })
  closeLater(store)
  const site = await open({ store })
  now = site.now
  await site.paid('ORDER-1')
  await site.budan.checkOrder('ORDER-1')
  await site.adopt('ORDER-2')
  return { site, roleUrl: role.url, ownerUrl }
}
