import type { Mutant } from '../mutant.ts'

const attacksTest = 'test/audit/attacks.test.ts'
const proofsTest = 'test/audit/proofs.test.ts'
const verifyFile = 'src/audit/verify-credit.ts'

/** Mistakes in who may do what, and in the proofs of credits. */
export const proofMutants: readonly Mutant[] = [
  {
    name: 'a route may forget its scope',
    faults: [],
    file: 'src/web/access/scopes.ts',
    find: 'if (config?.scope === undefined) {',
    replace: "if (config?.scope === undefined && url === '') {",
    caughtBy: { test: 'test/web/scopes.test.ts', name: 'cannot be added where a token is needed' },
  },
  {
    name: 'a scope that is missing is not refused',
    faults: [],
    file: 'src/web/access/access.ts',
    find: 'opens(caller.scopes, scope)',
    replace: "opens(caller.scopes, scope) || scope !== 'admin'",
    caughtBy: { test: 'test/web/scopes.test.ts', name: 'lets in who has its scope' },
  },
  {
    name: 'the audit believes the row of a credit',
    faults: [],
    file: verifyFile,
    find: ": sealFits(keys, proof.seal, { kind: 'credit', facts })",
    replace: ": 'fits'",
    caughtBy: { test: attacksTest, name: 'an entry is larger' },
  },
  {
    name: 'the audit believes the order of a credit',
    faults: [],
    file: verifyFile,
    find: 'return sealFits(keys, order.seal, { kind, facts })',
    replace: "return order.seal === null ? 'missing' : 'fits'",
    caughtBy: { test: proofsTest, name: 'changed before it was credited' },
  },
  {
    name: 'the audit believes the events of an order',
    faults: [],
    file: verifyFile,
    find: "return sealFits(keys, event.seal, { kind: 'event', facts: [owner, ...event.columns] })",
    replace: "return event.seal === null ? 'missing' : 'fits'",
    caughtBy: { test: attacksTest, name: 'a reason is another one' },
  },
  {
    name: 'the signature of the words is not verified',
    faults: [],
    file: 'src/gateway/wechat/words.ts',
    find: 'if (!isSignatureOf(message, signature, key)) return null',
    replace: 'isSignatureOf(message, signature, key)',
    caughtBy: { test: 'test/audit/words.test.ts', name: 'any part that is signed' },
  },
  {
    name: 'a deleted credit is not missed',
    faults: [],
    file: 'src/audit/count-places.ts',
    find: 'missing += Math.max(0, credits - (this.#seen.get(sequence) ?? 0))',
    replace: 'missing += 0 * credits * sequence',
    caughtBy: { test: attacksTest, name: 'the whole order is deleted' },
  },
  {
    name: 'a proof that cannot be written stops the credit',
    faults: [],
    file: 'src/store/transaction.ts',
    find: 'if (unproved.has(error)) return error',
    replace: 'if (unproved.has(error)) throw error',
    caughtBy: { test: proofsTest, name: 'never stop a credit' },
  },
  {
    name: 'evidence is not bound to its order',
    faults: [],
    file: 'src/proof/evidence.ts',
    find: 'return Buffer.from(JSON.stringify([gateway, mchid, orderNo]))',
    replace: 'return Buffer.from(JSON.stringify([gateway, mchid, orderNo.length]))',
    caughtBy: { test: 'test/audit/evidence.test.ts', name: 'of another order' },
  },
]
