import { afterAll, describe, onTestFinished } from 'vitest'
import { closeStores } from '../support/open-stores.ts'
import { claimsContract } from './store-claims.ts'
import { clockContract } from './store-clock.ts'
import { creditsContract } from './store-credits.ts'
import { earlyNoticesContract } from './store-early-notices.ts'
import { eventsContract } from './store-events.ts'
import { exceptionsContract } from './store-exceptions.ts'
import type { MakeSubject, Subject } from './store-fixtures.ts'
import { groupsContract } from './store-groups.ts'
import { invariantsContract } from './store-invariants.ts'
import { lookupsContract } from './store-lookups.ts'
import { merchantsContract } from './store-merchants.ts'
import { moneyContract } from './store-money.ts'
import { listsContract, ordersContract } from './store-orders.ts'
import { publishedContract } from './store-published.ts'
import { reviewsContract } from './store-reviews.ts'
import { runsContract } from './store-runs.ts'
import { sessionsContract } from './store-sessions.ts'
import { transactionsContract } from './store-transactions.ts'
import { watchContract } from './store-watch.ts'
import { webhooksContract } from './store-webhooks.ts'

/** What every store must do, whatever it keeps its rows in. */
export function storeContract(name: string, makeSubject: MakeSubject): void {
  const make = givenBack(makeSubject)
  describe(`the store on ${name}`, () => {
    afterAll(closeStores)
    const shared = once(make)
    ordersContract(shared)
    listsContract(make)
    eventsContract(shared)
    moneyContract(shared)
    lookupsContract(shared)
    transactionsContract(shared)
    invariantsContract(shared)
    reviewsContract(make)
    claimsContract(make)
    groupsContract(make)
    clockContract(make)
    runsContract(make)
    creditsContract(make)
    sessionsContract(make)
    exceptionsContract(make)
    earlyNoticesContract(make)
    watchContract(make)
    merchantsContract(make)
    publishedContract(make)
    webhooksContract(make)
  })
}

/** One that is made in a test is given back at its end, so that the next test need not open another. */
function givenBack(make: MakeSubject): MakeSubject {
  return async (options) => {
    const subject = await make(options)
    try {
      onTestFinished(() => subject.store.close())
    } catch {
      // It is made for all tests of a group, outside of any.
    }
    return subject
  }
}

/** One store for all whose tests do not see one another's rows. */
function once(make: MakeSubject): () => Promise<Subject> {
  const made: { subject?: Promise<Subject> } = {}
  return () => {
    made.subject ??= make()
    return made.subject
  }
}
