import type { Mutant } from '../mutant.ts'

const merchantsTest = 'test/flow/merchants.test.ts'

/** Mistakes that let one merchant's order, callback, slot, quota or fault be another's. */
export const merchantMutants: readonly Mutant[] = [
  {
    name: 'where the named merchant has no such order, another merchant’s is taken',
    faults: [10],
    file: 'src/desks.ts',
    find: 'return { desk, name: { orderNo, merchant: whose } }',
    replace: 'return { desk, name: { orderNo, merchant: null as never } }',
    caughtBy: {
      test: merchantsTest,
      name: 'have no other merchant’s order taken for theirs, whatever is to be done with it',
    },
  },
  {
    name: 'a payment of another merchant is accepted where the keys are the same',
    faults: [10, 25],
    file: 'src/gateway/wechat/callback.ts',
    find: 'if (trade.mchid !== mchid) {',
    replace: "if (trade.mchid === '') {",
    caughtBy: {
      test: 'test/gateway/callback.test.ts',
      name: 'seals a payment of another merchant',
    },
  },
  {
    name: 'an order of a merchant that is not configured is corrected',
    faults: [10],
    file: 'src/orders/correct.ts',
    find: 'if (!isSameMerchant(found, merchantOf(placing.gateway))) {',
    replace: "if (isSameMerchant(found, merchantOf(placing.gateway)) && found.mchid === '') {",
    caughtBy: {
      test: merchantsTest,
      name: 'correct no order of a merchant that is not configured',
    },
  },
  {
    name: 'a claim takes the orders of all merchants',
    faults: [10],
    file: 'src/store/sql/claims/claim.ts',
    find: 'gateway = given.gateway and mchid = given.mchid and appid = any (given.appids)`',
    replace:
      "gateway = given.gateway and mchid <> given.mchid || '-' and appid = any (given.appids)`",
    caughtBy: {
      test: 'test/store/pglite.test.ts',
      name: 'claimDue() takes orders of the one merchant only',
    },
  },
  {
    name: 'one merchant’s open breaker stops the runs of the others',
    faults: [24],
    file: 'src/job/tick.ts',
    find: 'const groups = [free.filter((each) => !isHeld(each)), free.filter(isHeld)]',
    replace: 'const groups = [free.some(isHeld) ? [] : free, free.filter(isHeld)]',
    caughtBy: { seeds: 200 },
  },
  {
    name: 'all merchants share one quota',
    faults: [20],
    file: 'src/gateway/wechat/wechat.ts',
    find: 'const quotaName = `${wechatFacts.name}/${config.mchId}`',
    replace: 'const quotaName = wechatFacts.name',
    caughtBy: { test: 'test/gateway/quota.test.ts', name: 'gateways of two merchants' },
  },
]
