import type { Mutant } from '../mutant.ts'

const decideFile = 'src/domain/decide.ts'
const decideTest = 'test/unit/decide.test.ts'
const onlyExact = { test: decideTest, name: 'pays only a SUCCESS trade that equals an open order' }

/** Mistakes in the decision about an order. */
export const decidingMutants: readonly Mutant[] = [
  {
    name: 'the amount is not compared',
    faults: [9],
    file: decideFile,
    find: 'if (trade.amount !== order.amount) {',
    replace: 'if (trade.amount === null) {',
    caughtBy: onlyExact,
  },
  {
    name: 'the amount is compared within one fen',
    faults: [9],
    file: decideFile,
    find: 'if (trade.amount !== order.amount) {',
    replace: 'if (Math.abs(Number(trade.amount) - Number(order.amount)) > 1) {',
    caughtBy: onlyExact,
  },
  {
    name: 'the currency is not compared',
    faults: [9],
    file: decideFile,
    find: "return differentText('currency', order.currency, trade.currency)",
    replace: 'return null',
    caughtBy: onlyExact,
  },
  {
    name: 'the merchant number is not compared',
    faults: [10],
    file: decideFile,
    find: "    differentText('mchid', order.mchid, trade.mchid) ??\n",
    replace: '',
    caughtBy: onlyExact,
  },
  {
    name: 'one payment credits two orders',
    faults: [13],
    file: decideFile,
    find: 'if (facts.transactionOwner !== null) {',
    replace: "if (facts.transactionOwner === '') {",
    caughtBy: { test: 'test/flow/faults.test.ts', name: 'and one transaction id for two orders' },
  },
  {
    name: 'a second payment of a paid order raises no alarm',
    faults: [13],
    file: decideFile,
    find: "        differentText('transaction_id', order.transactionId, trade.transactionId)",
    replace: '        null',
    caughtBy: { test: decideTest, name: 'on a paid order answered SUCCESS/transaction' },
  },
  {
    name: 'an order expires without a close',
    faults: [3],
    file: decideFile,
    find: "decision('close', { code: 'unpaid_past_end' })",
    replace: "decision('expire', { code: 'unpaid_past_end' })",
    caughtBy: {
      test: 'test/flow/faults.test.ts',
      name: 'the close is refused, and the second',
    },
  },
  {
    name: 'no answer counts as unpaid',
    faults: [2],
    file: decideFile,
    find: "return wait({ code: 'no_answer', ...causeAndMessage(answer) })",
    replace:
      "return facts.now < order.expiresAt ? wait({ code: 'absent' }) : decision('expire', { code: 'absent' })",
    caughtBy: { test: decideTest, name: 'never ends an order for an unknown answer' },
  },
  {
    name: 'a refund counts as a payment',
    faults: [11],
    file: decideFile,
    find: "if (trade.state === 'paid') return payOrReview(order, trade, facts)\n  if (trade.state === 'refunded') return review",
    replace:
      "if (trade.state === 'paid' || trade.state === 'refunded') return payOrReview(order, trade, facts)\n  if (trade.state === 'closed' && order.amount < 0n) return review",
    caughtBy: onlyExact,
  },
  {
    name: 'an order whose payment is under way past its end expires',
    faults: [11],
    file: decideFile,
    find: "return wait({ code: 'payment_under_way' })",
    replace: "return decision('expire', { code: 'payment_under_way' })",
    caughtBy: { test: decideTest, name: 'expires only for a closed trade of this order' },
  },
  {
    name: 'the first absent answer ends an order',
    faults: [11],
    file: decideFile,
    find: 'if (answers < absentAnswersMin || spreadMs < facts.absenceSpreadMs) {',
    replace: 'if (answers < 1) {',
    caughtBy: {
      test: 'test/flow/faults.test.ts',
      name: 'ends an order only after several answers over time',
    },
  },
  {
    name: 'absence is believed while most answers are absent',
    faults: [24],
    file: decideFile,
    find: 'if (!facts.absenceCredible) return wait',
    replace: 'if (facts.absenceSpreadMs < 0) return wait',
    caughtBy: { test: decideTest, name: 'expires only for a closed trade of this order' },
  },
  {
    name: 'a payment after the expiry is not credited',
    faults: [8],
    file: decideFile,
    find: "if (answer.trade.state === 'paid') return payOrReview(order, answer.trade, facts)",
    replace: "if (answer.trade.state === 'paid') return keep({ code: 'expired_unpaid' })",
    caughtBy: { test: decideTest, name: 'on a expired order answered SUCCESS' },
  },
  {
    name: 'a closed trade of another order expires an order',
    faults: [10],
    file: decideFile,
    find: "if (difference !== null) return waitWithAlarm({ code: 'about_another_trade'",
    replace:
      "if (difference?.fact === 'amount') return waitWithAlarm({ code: 'about_another_trade'",
    caughtBy: { test: decideTest, name: 'on a pending order answered CLOSED/orderNo' },
  },
]
