import type { Mutant } from '../mutant.ts'

const faultsTest = 'test/flow/faults.test.ts'
const storeTest = 'test/store/postgres.test.ts'

/** Mistakes in which orders are queried, when, and by which node. */
export const jobMutants: readonly Mutant[] = [
  {
    name: 'a claim takes no lease',
    faults: [5],
    file: 'src/store/sql/claims/claim.ts',
    find: "update orders set next_check_at = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'",
    replace:
      "update orders set next_check_at = orders.next_check_at + 0 * ${leaseMs}::float8 * interval '1 millisecond'",
    caughtBy: { test: storeTest, name: 'claimDue() gives a claimed order to nobody else' },
  },
  {
    name: 'with the breaker open, late checks wait for the next order',
    faults: [8, 24],
    file: 'src/job/pass.ts',
    find: 'if (probe.length === 0) probe = await this.#claimLate(1)',
    replace: '',
    caughtBy: { test: 'test/flow/adopting.test.ts', name: 'is queried late although' },
  },
  {
    name: 'the oldest orders come first, queried or not',
    faults: [1],
    file: 'src/store/sql/claims/claim.ts',
    find: 'order by next_check_at, created_at, order_no\n    limit',
    replace: 'order by created_at, order_no\n    limit',
    caughtBy: { test: storeTest, name: 'claimDue() reaches a new order behind many unpaid ones' },
  },
  {
    name: 'an order is due whatever its schedule says',
    faults: [1, 20],
    file: 'src/store/sql/claims/claim.ts',
    find: 'and next_check_at <= ${now} and ${which.of}\n',
    replace: "and next_check_at <= ${now} + interval '9 years' and ${which.of}\n",
    caughtBy: { test: faultsTest, name: 'no more often than the shortest wait' },
  },
  {
    name: 'orders older than a window are not claimed',
    faults: [14],
    file: 'src/store/sql/claims/claim.ts',
    find: 'and (created_at < ${before(now, thresholdMs)} ${isWrong})`',
    replace:
      "and (created_at > ${now} - interval '30 minutes' and created_at < ${before(now, thresholdMs)} ${isWrong})`",
    caughtBy: { test: 'test/flow/resilience.test.ts', name: 'there is no window to fall out of' },
  },
  {
    name: 'a lease is released that another node holds by now',
    faults: [7],
    file: 'src/store/sql/claims/claim.ts',
    find: 'and orders.state_seq = lease.state_seq and orders.next_check_at = lease.leased_to',
    replace: 'and orders.state_seq = lease.state_seq',
    caughtBy: { test: storeTest, name: 'release() leaves what was settled, or claimed by another' },
  },
  {
    name: 'an unknown answer counts as a check of the schedule',
    faults: [24],
    file: 'src/domain/runs/schedule.ts',
    find: "if (answer.kind === 'unknown' && answer.cause !== 'refused') {",
    replace: "if (answer.kind === 'unknown' && answer.systemic && order.checks < 0) {",
    caughtBy: {
      test: 'test/unit/schedule.test.ts',
      name: 'spends nothing of the schedule on an unknown answer',
    },
  },
  {
    name: 'an order without an answer is queried again at once',
    faults: [20],
    file: 'src/domain/runs/schedule.ts',
    find: '{ ...countsOf(order), ...standing, nextCheckAt: dueAfter(at, Math.min(...at.recheckMs)) }',
    replace: '{ ...countsOf(order), ...standing, nextCheckAt: at.now }',
    caughtBy: { test: faultsTest, name: 'no more often than the shortest wait' },
  },
  {
    name: 'the breaker never opens',
    faults: [24],
    file: 'src/job/breaker.ts',
    find: '      if (answer.systemic) {',
    replace: '      if (answer.systemic && answer.cause === "timeout") {',
    caughtBy: { test: 'test/unit/breaker.test.ts', name: 'opens once for a systemic failure' },
  },
  {
    name: 'the breaker alarms for each order',
    faults: [20, 24],
    file: 'src/job/breaker.ts',
    find: 'if (wasClosed) this.#emit(',
    replace: 'this.#emit(',
    caughtBy: { test: 'test/unit/breaker.test.ts', name: 'opens once for a systemic failure' },
  },
  {
    name: 'a run of absent answers goes unnoticed',
    faults: [24],
    file: 'src/job/plausibility.ts',
    find: 'const systemic = this.#ownTradeCount === 0 && isSystemic(known, breaker)',
    replace: 'const systemic = this.#ownTradeCount < 0 && isSystemic(known, breaker)',
    caughtBy: {
      test: faultsTest,
      name: 'a wrong merchant number, seen as a run of absent answers',
    },
  },
  {
    name: 'one order that fails ends the run',
    faults: [20],
    file: 'src/job/pass.ts',
    find: '    const { orderNo } = claimed.order\n    this.#scanning.emit({ type',
    replace:
      '    if (error !== undefined) throw error\n    const { orderNo } = claimed.order\n    this.#scanning.emit({ type',
    caughtBy: {
      test: 'test/flow/resilience.test.ts',
      name: 'is due again after the shortest wait, not when its lease runs out',
    },
  },
  {
    name: 'a batch of zero is taken',
    faults: [17],
    file: 'src/config/schema.ts',
    find: "compensation_batch_size: integerWithin({ min: 1, max: 10_000 }).prefault('50')",
    replace: "compensation_batch_size: integerWithin({ min: 0, max: 10_000 }).prefault('50')",
    caughtBy: {
      test: 'test/config/faults.test.ts',
      name: 'compensation_batch_size = 0 is refused in the file',
    },
  },
  {
    name: 'each node opens a run in each interval',
    faults: [5],
    file: 'src/store/sql/runs/runs.ts',
    find: 'or ${mayTakeAgain}::boolean',
    replace: 'or true',
    caughtBy: { test: 'test/flow/nodes.test.ts', name: 'make one run per interval' },
  },
  {
    name: 'a slot is that of all merchants',
    faults: [5],
    file: 'src/store/sql/runs/runs.ts',
    find: 'select gateway, mchid, ${slot}::timestamptz(3) from given order by gateway, mchid',
    replace: "select 'any', 'any', ${slot}::timestamptz(3) from given limit 1",
    caughtBy: { test: 'test/store/pglite.test.ts', name: 'have a slot each' },
  },
  {
    name: 'each node has a quota of its own',
    faults: [20],
    file: 'src/store/sql/runs/quota.ts',
    find: 'set next_at = to_timestamp((first_at + count * ${stepMs}::float8) / 1000)',
    replace: 'set next_at = to_timestamp(0 * (first_at + count * ${stepMs}::float8) / 1000)',
    caughtBy: { test: 'test/store/rate-limiter.test.ts', name: 'reserve' },
  },
  {
    name: 'the breaker never closes',
    faults: [24],
    file: 'src/job/breaker.ts',
    find: "if (answer.kind === 'trade' || this.#cause?.kind === 'refused') this.#close()",
    replace: "if (answer.kind === 'trade' && this.#cause === null) this.#close()",
    caughtBy: { test: 'test/unit/breaker.test.ts', name: 'heals' },
  },
]
