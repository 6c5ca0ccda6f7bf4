import type { Mutant } from '../mutant.ts'

const storeTest = 'test/store/postgres.test.ts'
const earlyTest = 'test/flow/early-refunds.test.ts'

/** Mistakes in what others get to know: events, deliveries and exceptions. */
export const eventMutants: readonly Mutant[] = [
  {
    name: 'of a group of credits one event is published',
    faults: [],
    file: 'src/store/migrations/018_published_events.ts',
    find: 'from written w, lateral (',
    replace: 'from (select * from written limit 1) w, lateral (',
    caughtBy: {
      test: storeTest,
      name: 'are one for each order of a group that is credited together',
    },
  },
  {
    name: 'two nodes give positions at once',
    faults: [],
    file: 'src/store/outbox/position-events.ts',
    find: 'database_id is null as is_new from published_head for update',
    replace: 'database_id is null as is_new from published_head',
    caughtBy: {
      test: 'test/store/published-races.test.ts',
      name: 'are seen by every reader once, in one order without a gap',
    },
  },
  {
    name: 'the feed goes on with the event that was read last',
    faults: [],
    file: 'src/store/outbox/read-events.ts',
    find: 'where position > ${start} and position <= ${end}',
    replace: 'where position >= ${start} and position <= ${end}',
    caughtBy: {
      test: storeTest,
      name: 'readEvents() goes on where a page ended, and filters by type',
    },
  },
  {
    name: 'an event gets its position without its deliveries',
    faults: [],
    file: 'src/store/webhooks/fan-out.ts',
    find: 'e.position > ${from}::bigint and',
    replace: 'e.position > ${from}::bigint + 1 and',
    caughtBy: {
      test: storeTest,
      name: 'positionEvents() makes a delivery for each endpoint that wants the event',
    },
  },
  {
    name: 'a delivery is lost with the process that has claimed it',
    faults: [],
    file: 'src/store/webhooks/claim.ts',
    find: 'and (claimed_until is null or claimed_until <= ${now()})',
    replace: 'and claimed_until is null',
    caughtBy: {
      test: storeTest,
      name: 'claimDeliveries() gives each delivery to one claimer, until its lease is over',
    },
  },
  {
    name: 'an attempt of a former claim decides',
    faults: [],
    file: 'src/store/webhooks/record.ts',
    find: 'if (made.attempt !== standing.attempts) return nothing',
    replace: 'if (made.attempt > standing.attempts) return nothing',
    caughtBy: {
      test: storeTest,
      name: 'an attempt that was claimed again decides nothing, unless it was delivered',
    },
  },
  {
    name: 'webhooks are sent to the metadata of the cloud',
    faults: [],
    file: 'src/outbox/webhooks/guarded-lookup.ts',
    find: "if (kind === 'forbidden') return `is ${metadataWords}`",
    replace: "if (kind === 'forbidden') return null",
    caughtBy: {
      test: 'test/webhooks/sender.test.ts',
      name: 'goes to no forbidden address, whatever its name',
    },
  },
  {
    name: 'an exception doubles when its fact is seen again',
    faults: [],
    file: 'src/store/migrations/018_raised_exceptions.ts',
    find: 'unique (order_number, mchid, gateway, kind, about),',
    replace: 'unique (order_number, mchid, gateway, kind, about, id),',
    caughtBy: {
      test: storeTest,
      name: 'open once for each merchant, kind, number and payment',
    },
  },
  {
    name: 'the refund that came first is forgotten',
    faults: [],
    file: 'src/exceptions/notices.ts',
    find: 'const notices = [...early, ...received]',
    replace: 'const notices = received',
    caughtBy: { test: earlyTest, name: 'counts when a callback that comes again credits it' },
  },
  {
    name: 'a payment that went back as a whole is credited',
    faults: [],
    file: 'src/settle/settle.ts',
    find: 'const decision = decide(order, answer.answer, {\n    now,\n    transactionOwner,\n    wentBack,',
    replace: 'const decision = decide(order, answer.answer, {\n    now,\n    transactionOwner,',
    caughtBy: {
      test: earlyTest,
      name: 'keeps a callback that comes again from crediting once all went back',
    },
  },
  {
    name: 'a refund that is noticed while its order is being credited is not seen',
    faults: [],
    file: 'src/exceptions/notices.ts',
    find: 'if (paid.length === 0) return locked',
    replace: 'if (paid.length >= 0) return locked',
    caughtBy: {
      test: earlyTest,
      name: 'that is noticed while its order is being credited counts',
    },
  },
  {
    name: 'a payment that went back already is taken for unknown',
    faults: [],
    file: 'src/exceptions/unknown-payment.ts',
    find: 'if (isWhollyRefunded(kept, { transactionId, amount })) return nothingRaised',
    replace: 'if (kept.length < 0) return nothingRaised',
    caughtBy: {
      test: 'test/flow/unknown-payments.test.ts',
      name: 'within ten minutes is no exception then',
    },
  },
  {
    name: 'a second result of the attempt that delivered is logged twice',
    faults: [],
    file: 'src/store/webhooks/attempts.ts',
    find: "attempt is distinct from (d.delivered_by->>'attempt')::integer",
    replace: "attempt is distinct from -(d.delivered_by->>'attempt')::integer",
    caughtBy: { test: storeTest, name: 'the log has each attempt once' },
  },
]
