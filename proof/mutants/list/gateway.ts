import type { Mutant } from '../mutant.ts'

const faultsTest = 'test/flow/faults.test.ts'
const callbackTest = 'test/gateway/callback.test.ts'

/** Mistakes in reading the gateway's answers, and in the requests to it. */
export const gatewayMutants: readonly Mutant[] = [
  {
    name: 'a lookalike of success counts as success',
    faults: [12],
    file: 'src/gateway/wechat/trade-body.ts',
    find: 'state: Object.hasOwn(states, body.trade_state)\n      ? (states[body.trade_state] ??',
    replace:
      'state: Object.hasOwn(states, body.trade_state.toUpperCase())\n      ? (states[body.trade_state.toUpperCase()] ??',
    caughtBy: { test: faultsTest, name: 'fault 12' },
  },
  {
    name: 'an answer is believed without its signature',
    faults: [2, 25],
    file: 'src/gateway/wechat/answer.ts',
    find: "if (verification.defect === 'unsigned' && reply.status >= 300) return null",
    replace: "if (verification.defect === 'unsigned') return null",
    caughtBy: { test: 'test/gateway/answer.test.ts', name: 'without a signature' },
  },
  {
    name: 'any 404 means that there is no such order',
    faults: [11],
    file: 'src/gateway/wechat/outcome.ts',
    find: "[404, '*', 'refused'],",
    replace: "[404, '*', 'absent'],",
    caughtBy: { test: 'test/gateway/outcome.test.ts', name: 'HTTP 404 RESOURCE_NOT_EXISTS' },
  },
  {
    name: 'a callback is believed without its signature',
    faults: [25],
    file: 'src/gateway/wechat/callback.ts',
    find: "return verification.kind === 'rejected'\n    ? unverified(verification.message)\n    : open(callback.body, { apiV3Key, mchid, signature: verification })",
    replace: `return verification.kind === 'rejected' && verification.defect === 'malformed'
    ? unverified(verification.message)
    : open(callback.body, { apiV3Key, mchid, signature: { serial: '', signedAt: now, ...verification, kind: 'valid' } })`,
    caughtBy: { test: callbackTest, name: 'is signed by somebody else' },
  },
  {
    name: 'an old callback may be replayed',
    faults: [25],
    file: 'src/gateway/wechat/keys/verification.ts',
    find: 'const toleranceSecs = 300',
    replace: 'const toleranceSecs = 300_000_000',
    caughtBy: { test: callbackTest, name: 'is 300 s old' },
  },
  {
    name: 'a callback of another event is taken for a payment',
    faults: [11],
    file: 'src/gateway/wechat/callback.ts',
    find: 'if (event_type !== paidEvent && !isRefund) return unused',
    replace: "if (event_type === '') return unused",
    caughtBy: { test: callbackTest, name: 'may be of a payment one day' },
  },
  {
    name: 'a callback is acknowledged though it was not committed',
    faults: [21, 22],
    file: 'src/web/api/callback.ts',
    find: 'const receipt = await budan.receiveCallback({ headers, body: bytes }, merchantIn(request))',
    replace:
      "const receipt = await budan.receiveCallback({ headers, body: bytes }, merchantIn(request)).catch(() => ({ kind: 'settled' as const }))",
    caughtBy: {
      test: 'test/web/callback.test.ts',
      name: 'answers FAIL without a word of StoreError',
    },
  },
  {
    name: 'a callback for an unknown order is acknowledged',
    faults: [22],
    file: 'src/orders/callback.ts',
    find: 'if (settlement === null) {',
    replace: "if (settlement === null) {\n    return { kind: 'settled' } as Receipt",
    caughtBy: { test: faultsTest, name: 'one for an order that is not here is refused' },
  },
  {
    name: 'a call has no deadline',
    faults: [19],
    file: 'src/deadline.ts',
    find: 'const timer = setTimeout(abort, timeoutMs)',
    replace: 'const timer = setTimeout(abort, timeoutMs * 1000)',
    caughtBy: { test: faultsTest, name: 'end at their deadline, and the run goes on' },
  },
]
