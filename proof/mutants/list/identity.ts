import type { Mutant } from '../mutant.ts'

const identityTest = 'test/flow/identity.test.ts'
const adoptingTest = 'test/flow/adopting.test.ts'
const codesTest = 'test/flow/codes.test.ts'

/** Mistakes in the identity of an order, the length of its watch, and the actions of operators. */
export const identityMutants: readonly Mutant[] = [
  {
    name: 'the request of a repeated Idempotency-Key is not compared with its order',
    faults: [10],
    file: 'src/orders/place.ts',
    find: 'const identity = identityDifference(order, request)\n  if (identity !== null) {',
    replace: "const identity = identityDifference(order, request)\n  if (identity === '') {",
    caughtBy: { test: identityTest, name: 'is no live code for the same Idempotency-Key' },
  },
  {
    name: 'a repeated adoption is not compared with its order',
    faults: [10],
    file: 'src/orders/adopt.ts',
    find: '  if (identity !== null) return identity\n',
    replace: "  if (identity === '') return identity\n",
    caughtBy: {
      test: identityTest,
      name: 'is a conflict where it belongs to another app id',
    },
  },
  {
    name: 'an order is found by its number, whichever merchant is meant',
    faults: [10],
    file: 'src/store/find-order.ts',
    find: 'orders.find((order) => isSameMerchant(order, merchant))',
    replace: 'orders.find(() => merchant !== null)',
    caughtBy: {
      test: 'test/store/pglite.test.ts',
      name: 'have to be named where a number is not unique',
    },
  },
  {
    name: "a trade is placed under the configured app id instead of the order's",
    faults: [10],
    file: 'src/orders/place.ts',
    find: 'placing.gateway.prepay({ ...order, expiresAt })',
    replace: 'placing.gateway.prepay({ ...order, expiresAt, appid: placing.gateway.appid })',
    caughtBy: { seeds: 200 },
  },
  {
    name: 'an order without a known end is closed past its watch',
    faults: [3],
    file: 'src/domain/decide.ts',
    find: "decision('expire', { code: 'watch_ended' })",
    replace: "decision('close', { code: 'unpaid_past_end' })",
    caughtBy: { test: adoptingTest, name: 'expires 16 days after its first NOTPAY, unclosed' },
  },
  {
    name: 'an order without a known end is closed as if it had ended',
    faults: [3],
    file: 'src/domain/decide.ts',
    find: `  if (order.expiresAt === null ? isWatched(order, now) : now < order.expiresAt) {
    return wait({ code: 'not_paid_yet' })
  }
  if (clocksDisagree) return wait({ code: 'clocks_disagree', seen: 'unpaid' })
  return order.expiresAt === null
    ? decision('expire', { code: 'watch_ended' })
    : decision('close', { code: 'unpaid_past_end' })`,
    replace: `  if (order.expiresAt !== null && now < order.expiresAt) return wait({ code: 'not_paid_yet' })
  return decision('close', { code: 'unpaid_past_end' })`,
    caughtBy: { seeds: 200 },
  },
  {
    name: 'an order expires while it is watched',
    faults: [3, 8],
    file: 'src/domain/decide.ts',
    find: "return standing !== 'known' || watchedUntil === null || now < watchedUntil",
    replace: "return standing !== 'known' || watchedUntil === null",
    caughtBy: { test: adoptingTest, name: 'expires 16 days after its first NOTPAY' },
  },
  {
    name: 'the first trade does not begin the watch anew',
    faults: [8],
    file: 'src/domain/runs/schedule.ts',
    find: 'watchedUntil: watchedUntil && new Date(Math.max(+watchedUntil, +now + watchMs)),',
    replace: 'watchedUntil,',
    caughtBy: { test: adoptingTest, name: 'expires 16 days after its first NOTPAY' },
  },
  {
    name: 'an order that was only watched is never queried again',
    faults: [8],
    file: 'src/settle/settle.ts',
    find: '(order.watchedUntil !== null && !isClosed)',
    replace: 'false',
    caughtBy: { test: adoptingTest, name: 'is credited by a late check' },
  },
  {
    name: 'a late check is repeated without end',
    faults: [20],
    file: 'src/settle/settle.ts',
    find: '      if (isLateAnswer(answer, order)) await tx.countLateCheck(order)\n',
    replace: '',
    caughtBy: { test: adoptingTest, name: 'is queried 1, 7 and 30 days later' },
  },
  {
    name: 'orders that the gateway never knew open the breaker',
    faults: [24],
    file: 'src/job/plausibility.ts',
    find: 'this.#absent.filter(({ claimed }) => isKnown(claimed.order)).length',
    replace: 'this.#absent.length',
    caughtBy: { test: adoptingTest, name: 'neither open the breaker' },
  },
  {
    name: 'unknown orders are claimed before known ones',
    faults: [1],
    file: 'src/store/sql/claims/claim.ts',
    find: "{ standing: 'unknown', limit: shareOf(limit, 1 / 10), end: 'oldest' }",
    replace: "{ standing: 'unknown', limit, end: 'oldest' }",
    caughtBy: {
      test: 'test/store/postgres.test.ts',
      name: 'claimDue() gives each its share, and what one leaves to the others',
    },
  },
  {
    name: 'a credited order is corrected',
    faults: [9],
    file: 'src/orders/correct.ts',
    find: "if (order.status === 'paid') {",
    replace: "if (order.orderNo === '') {",
    caughtBy: { test: adoptingTest, name: 'is corrected by a named person' },
  },
  {
    name: 'a correction, like every change by the same statement, appends no event',
    faults: [9],
    file: 'src/store/sql/order-steps.ts',
    find: '...{ at, from: sql`, changed` },',
    replace: '...{ at, from: sql`, changed where false` },',
    caughtBy: { test: adoptingTest, name: 'is corrected by a named person' },
  },
  {
    name: 'an order is given up although a code has arrived meanwhile',
    faults: [4],
    file: 'src/orders/abandon.ts',
    find: '    const refusal = refusalOf(locked.order)\n    if (refusal !== null) return refusal\n',
    replace: '',
    caughtBy: { test: identityTest, name: 'is not given up when its code comes' },
  },
  {
    name: 'an Idempotency-Key is lost with the order that was given up',
    faults: [10],
    file: 'src/store/sql/order-steps.ts',
    find: 'state_seq = state_seq + 1, idempotency_key = null`',
    replace: 'state_seq = state_seq + 1`',
    caughtBy: { test: identityTest, name: 'can be given up, and its Idempotency-Key used again' },
  },
  {
    name: 'the code of an ended order is returned',
    faults: [4],
    file: 'src/orders/place.ts',
    find: "return placed === null ? { kind: 'ended', order } : { kind: 'placed', order: placed }",
    replace: "return { kind: 'placed', order: placed ?? { ...order, codeUrl } }",
    caughtBy: { test: codesTest, name: 'is not returned, because' },
  },
  {
    name: 'a code that is about to stop working is returned again',
    faults: [8],
    file: 'src/orders/place.ts',
    find: 'return +now < neededUntil && +codeExpiresAt >= neededUntil',
    replace: 'return +now < neededUntil',
    caughtBy: { test: codesTest, name: 'renewed when it is about to stop' },
  },
  {
    name: 'the user in attach is not compared',
    faults: [9],
    file: 'src/domain/decide.ts',
    find: 'if (!adopted || adoptAttach === null) return null',
    replace: "if (!adopted || adoptAttach !== '') return null",
    caughtBy: { test: adoptingTest, name: 'is bound to the user whom the trade was placed for' },
  },
  {
    name: 'any number may be adopted',
    faults: [10],
    file: 'src/orders/adopt.ts',
    find: 'if (adoptPrefixes !== null && !adoptPrefixes.some',
    replace: "if (adoptPrefixes !== null && orderNo === '' && !adoptPrefixes.some",
    caughtBy: { test: adoptingTest, name: 'is bounded by the beginnings of numbers' },
  },
]
