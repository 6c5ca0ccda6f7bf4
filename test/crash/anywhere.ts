import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyCredits } from '../../src/audit/verify.ts'
import { ProofKeys } from '../../src/proof/keys.ts'
import type { Database } from '../../src/store/database.ts'
import { closeStores } from '../support/open-stores.ts'
import { freshDatabase, type StoreKind, testProofKeys } from '../support/stores.ts'
import { Fault, type FaultKind } from './life.ts'
import { Ground } from './lives.ts'
import { Story } from './story.ts'

/** More steps than any scenario has: where the fault still strikes there, something goes in circles. */
const stepsMax = 2_000

/** What the scenario has to pass through, so that none of it is left out by mistake. */
const steps = [
  ...['begin', 'lockOrder', 'credit', 'changeStatus', 'reschedule', 'dismiss', 'reviewTrail'],
  ...['commit'],
  ...['insertOrder', 'setCodeUrl', 'appendEvent', 'findOrder', 'claimDue', 'openRun', 'finishRun'],
  ...['migrate', 'query', 'close', 'prepay', 'openCallback'],
]

/**
 * The process dies at step 1, 2, 3, … until there is no such step; and then each step fails instead.
 * With `stride` only at every so manieth: a stride of 2 lets the process die at every other step, and
 * those between them fail.
 */
export function crashAnywhere(kind: StoreKind, { stride = 1 } = {}): void {
  describe(`fault 6, anywhere, on ${kind}`, () => {
    const nowOf = { clock: () => new Date() }
    let ground: Ground
    let database: Database
    beforeAll(async () => {
      const fresh = await freshDatabase(kind, { clock: () => nowOf.clock() })
      database = fresh.database
      ground = new Ground(() => fresh.store)
      nowOf.clock = ground.now
    })
    afterAll(closeStores)

    it.each<[FaultKind, number]>([
      ['death', 1],
      ['error', 1 + Math.floor(stride / 2)],
    ])(
      'every order ends as expected, whichever step is the %s of the process',
      async (faultKind, first) => {
        const seen = new Set<string>()
        let at = first
        for (; at < stepsMax; at += stride) {
          const fault = new Fault(faultKind, at)
          const story = new Story(ground, { database, fault, name: `${faultKind}${at}` })
          const wrong = await story.play()
          expect({ step: fault.struck, wrong }).toEqual({ step: fault.struck, wrong: [] })
          for (const step of fault.seen) seen.add(step)
          if (fault.struck === null) break
        }
        expect(at).toBeLessThan(stepsMax)
        expect([...seen]).toEqual(expect.arrayContaining(steps.flatMap(bothSides)))
        expect(Object.values(await ground.store.audit()).every((count) => count === 0)).toBe(true)
        const keys = new ProofKeys(testProofKeys)
        // The gateway of these lives signs nothing.
        const verified = await verifyCredits(ground.store, { keys, readWords: () => null })
        expect(verified).toMatchObject({ unproven: 0, unverifiable: 0, unprovenOld: 0 })
        expect(verified.credits).toBeGreaterThan(0)
        // For docs/guarantees.md.
        console.log(`${kind}: ${faultKind} at every ${stride}. of some ${at - 1} steps`)
      },
      300_000,
    )
  })
}

function bothSides(step: string): readonly string[] {
  if (step === 'begin') return ['before begin']
  return [`before ${step}`, `after ${step}`]
}
