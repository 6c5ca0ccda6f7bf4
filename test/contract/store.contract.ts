import { afterAll, describe } from 'vitest'
import { closeStores } from '../support/stores.ts'
import { claimsContract } from './store-claims.ts'
import { eventsContract } from './store-events.ts'
import type { MakeSubject } from './store-fixtures.ts'
import { invariantsContract } from './store-invariants.ts'
import { moneyContract } from './store-money.ts'
import { ordersContract } from './store-orders.ts'
import { runsContract } from './store-runs.ts'
import { transactionsContract } from './store-transactions.ts'
import { watchContract } from './store-watch.ts'

/** What every store must do, whatever it keeps its rows in. */
export function storeContract(name: string, make: MakeSubject): void {
  describe(`the store on ${name}`, () => {
    afterAll(closeStores)
    ordersContract(make)
    eventsContract(make)
    moneyContract(make)
    transactionsContract(make)
    invariantsContract(make)
    claimsContract(make)
    runsContract(make)
    watchContract(make)
  })
}
