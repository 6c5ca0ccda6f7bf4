import type { Mutant } from '../mutant.ts'

const faultsTest = 'test/flow/faults.test.ts'

/** Mistakes in applying a decision. */
export const settlingMutants: readonly Mutant[] = [
  {
    name: 'the row is read without its lock',
    faults: [4, 5],
    file: 'src/store/sql/order-steps.ts',
    find: '          for no key update ${held}\n',
    replace: '',
    caughtBy: {
      test: 'test/store/claim-races.test.ts',
      name: 'passes over an order that a settlement holds',
    },
  },
  {
    name: 'a credit does not look at the state of the row',
    faults: [5],
    file: 'src/store/sql/ledger/ledger.ts',
    find: `and orders.state_seq = step.state_seq
          and (coalesce(orders.status, '') in ('pending', 'expired')
            or (coalesce(orders.status, '') = 'review' and step.operator is not null))`,
    replace: '',
    caughtBy: {
      test: 'test/store/postgres.test.ts',
      name: 'credit() makes one transfer of eight at once without any lock',
    },
  },
  {
    name: 'the order is marked as paid, and its transfer posted later',
    faults: [6],
    file: 'src/store/sql/ledger/ledger.ts',
    find: 'credited_at\n        from paid\n      ),\n      entered',
    replace: 'credited_at\n        from paid where false\n      ),\n      entered',
    caughtBy: {
      test: 'test/store/postgres.test.ts',
      name: 'credit() makes the order paid, with transfer, entries and event',
    },
  },
  {
    name: 'the clock of the process is used instead of the database clock',
    faults: [15],
    file: 'src/settle/settle.ts',
    find: '    now,\n    transactionOwner,\n',
    replace: '    now: new Date(),\n    transactionOwner,\n',
    caughtBy: { test: faultsTest, name: 'fault 15' },
  },
  {
    name: 'another amount than ordered is credited',
    faults: [23],
    file: 'src/domain/ledger/transfer.ts',
    find: '{ account: userAccount(order.userId), amount: trade.amount },',
    replace: '{ account: userAccount(order.userId), amount: trade.amount + 1n },',
    caughtBy: { test: faultsTest, name: 'what is credited' },
  },
  {
    name: 'a group whose COMMIT is not known is settled again as if it were rolled back',
    faults: [18],
    file: 'src/settle/groups.ts',
    find: 'if (!(error instanceof UnknownOutcomeError)) return group',
    replace: 'return group',
    caughtBy: {
      test: 'test/flow/run.test.ts',
      name: 'after a group of absences was noted: none counts twice',
    },
  },
  {
    name: 'a group waits for rows that others hold',
    faults: [4, 5],
    file: 'src/store/sql/order-steps.ts',
    find: 'held: sql`skip locked` })',
    replace: 'held: sql`` })',
    caughtBy: {
      test: 'test/store/group-races.test.ts',
      name: 'lockOrders() passes over an order that a settlement holds',
    },
  },
  {
    name: 'an unpaid answer is written although another run has claimed the order since',
    faults: [4, 18],
    file: 'src/store/sql/claims/unpaid-batch.ts',
    find: ' and orders.next_check_at = step.leased_to',
    replace: '',
    caughtBy: {
      test: 'test/store/postgres.test.ts',
      name: 'was claimed again',
    },
  },
  {
    name: 'an unpaid answer restores absences that a check has disproved',
    faults: [11],
    file: 'src/store/sql/claims/unpaid-batch.ts',
    find: '          and orders.absent_count = step.absences\n',
    replace: '',
    caughtBy: {
      test: 'test/store/postgres.test.ts',
      name: 'was found at the gateway',
    },
  },
  {
    name: 'two answers about one order are settled in one group',
    faults: [5],
    file: 'src/settle/groups.ts',
    find: 'group.size < groupMax && !group.has(key)',
    replace: 'group.size < groupMax',
    caughtBy: {
      test: 'test/flow/groups.test.ts',
      name: 'the same callback many times at once',
    },
  },
  {
    name: 'a lost answer to COMMIT counts as a rollback',
    faults: [18],
    file: 'src/store/transaction.ts',
    find: "return /^(23|40(?!003))/.test(sqlStateOf(error) ?? '')",
    replace: 'return true',
    caughtBy: {
      test: 'test/store/trouble.test.ts',
      name: 'when the answer to COMMIT is lost',
    },
  },
  {
    name: 'the answer before the close is believed',
    faults: [3],
    file: 'src/job/pass.ts',
    find: `const second = await this.#scanning.settleAnswer({
      ...answer,
      answer: afterClose,
      closeTried: true,
    })`,
    replace: `const said = answer.answer
    const closed: Answer =
      said.kind === 'trade' ? { ...said, trade: { ...said.trade, state: 'closed' } } : said
    const second = await this.#scanning.settleAnswer({ ...answer, answer: closed })`,
    caughtBy: { test: faultsTest, name: 'the close is refused, and the second' },
  },
  {
    name: 'a close that was not answered counts as closed',
    faults: [2, 3],
    file: 'src/job/pass.ts',
    find: 'if (afterClose === null) return this.#end(answer, first)',
    replace: `const said = answer.answer
    if (afterClose === null && said.kind === 'trade') {
      const closed: Answer = { ...said, trade: { ...said.trade, state: 'closed' } }
      const ended = await this.#scanning.settleAnswer({ ...answer, answer: closed })
      return this.#end(answer, ended ?? first)
    }
    if (afterClose === null) return this.#end(answer, first)`,
    caughtBy: { test: faultsTest, name: 'stays open when the close is not answered' },
  },
  {
    name: 'a stop does not wait for the work under way',
    faults: [16],
    file: 'src/job/in-flight.ts',
    find: 'await within(this.#deadlineMs, ended).catch(() => undefined)',
    replace: 'await within(this.#deadlineMs, Promise.race([ended, Promise.resolve()]))',
    caughtBy: {
      test: faultsTest,
      name: 'waits for it, and a second stop and a start change nothing',
    },
  },
  {
    name: 'the order that was read before the lock is decided on',
    faults: [4],
    file: 'src/settle/settle.ts',
    find: `  const locked = await withConcerns(tx, group, await lockAll(tx, group))`,
    replace: `  const seen = await Promise.all(
    group.answers.map(({ settling, answer }) => settling.store.findOrder(answer.key)),
  )
  const rows = await withConcerns(tx, group, await lockAll(tx, group))
  const locked = new Map(
    [...rows].map(([key, row]) => {
      const status = seen.find((order) => order?.key === key)?.status ?? row.order.status
      return [key, { ...row, order: { ...row.order, status } }]
    }),
  )`,
    caughtBy: { seeds: 400 },
  },
  {
    name: 'onPaid is called after the commit',
    faults: [6, 22],
    file: 'src/settle/settle.ts',
    find: '    await within(onPaidMs, onPaid({ order, transfer }, tx), notInTime)',
    replace:
      '    void within(onPaidMs, onPaid({ order, transfer }, tx), notInTime).catch(() => undefined)',
    caughtBy: { seeds: 400 },
  },
  {
    name: 'a refund is credited',
    faults: [11],
    file: 'src/gateway/wechat/trade-body.ts',
    find: "REFUND: 'refunded'",
    replace: "REFUND: 'paid'",
    caughtBy: { seeds: 400 },
  },
  {
    name: 'a callback is acknowledged whatever became of it',
    faults: [21, 22],
    file: 'src/orders/callback.ts',
    find: 'receiving.settle({ key: order.key, answer, by: byCallback })',
    replace:
      "receiving.settle({ key: order.key, answer, by: byCallback }).catch(() => ({ order, decision: { kind: 'keep' as const } }))",
    caughtBy: { seeds: 400 },
  },
  {
    name: 'an absent answer that was not believed counts towards expiry',
    faults: [11, 24],
    file: 'src/domain/runs/schedule.ts',
    find: "answer.kind === 'absent' && absenceCredible && isPastEnd(order, now)",
    replace: "answer.kind === 'absent' && isPastEnd(order, now)",
    caughtBy: { test: 'test/unit/schedule.test.ts', name: 'scheduleAfter()' },
  },
  {
    name: 'absence before the end of an order counts towards ending it',
    faults: [11],
    file: 'src/domain/runs/schedule.ts',
    find: "answer.kind === 'absent' && absenceCredible && isPastEnd(order, now)",
    replace: "answer.kind === 'absent' && absenceCredible",
    caughtBy: {
      test: 'test/unit/schedule.test.ts',
      name: 'counts no absent answer before the end',
    },
  },
  {
    name: 'an answer about another trade shows that the gateway knows the order',
    faults: [10],
    file: 'src/domain/runs/schedule.ts',
    find: 'return answer.trade.orderNo === orderNo && answer.trade.mchid === mchid',
    replace: 'return true || answer.trade.orderNo === orderNo || answer.trade.mchid === mchid',
    caughtBy: { test: 'test/unit/schedule.test.ts', name: 'an answer about another trade' },
  },
  {
    name: 'an operator credits an order that was not paid as ordered',
    faults: [9],
    file: 'src/domain/review/resolve.ts',
    find: "return decision.kind === 'pay' ? decision : refuse('different', decision.reason)",
    replace:
      "return decision.kind === 'pay' ? decision : { kind: 'pay', trade, reason: 'by hand', alarm: false }",
    caughtBy: { test: 'test/review/resolve.test.ts', name: 'decideResolution()' },
  },
  {
    name: 'the second operator does not see what the first did',
    faults: [5],
    file: 'src/domain/review/resolve.ts',
    find: 'if (review.seen.id === eventId) return null',
    replace: "if (eventId !== '') return null",
    caughtBy: { test: 'test/review/races.test.ts', name: 'operators' },
  },
]
