/**
 * The faults that are always on, as rules of the simulator's control interface
 * (packages/simulator/README.md). Together they make some 15 of 100 queries fail, each in a way that a
 * client must treat as unknown.
 */
export const standingFaults: readonly object[] = [
  ...(
    [
      [0.03, { kind: 'error', status: 500 }],
      [0.02, { kind: 'error', status: 502, body: 'html' }],
      [0.01, { kind: 'error', status: 500, performed: true }],
      [0.005, { kind: 'error', status: 429, code: 'RATELIMIT_EXCEEDED' }],
      [0.02, { kind: 'reset' }],
      [0.02, { kind: 'cut' }],
      [0.01, { kind: 'hang' }],
      [0.02, { kind: 'slow', ms: 300 }],
      [0.01, { kind: 'probe' }],
      [0.005, { kind: 'wrong_signature' }],
      [0.005, { kind: 'changed_body', merge: { trade_state: 'SUCCESS' } }],
      [0.005, { kind: 'timestamp', offset_seconds: -400 }],
    ] as const
  ).map(([probability, fault]) => ({
    operation: ['native', 'query', 'close'],
    probability,
    fault,
  })),
  ...(
    [
      [0.05, { kind: 'drop' }],
      [0.08, { kind: 'duplicate', copies: 2, gap_ms: 40 }],
      [0.02, { kind: 'probe' }],
      [0.01, { kind: 'changed_body' }],
      [0.01, { kind: 'wrong_api_key' }],
    ] as const
  ).map(([probability, fault]) => ({ operation: 'notify', probability, fault })),
  // The payer pays while the trade is being closed, with or without a callback, and just after a query.
  { operation: 'close', probability: 0.05, fault: { kind: 'pay', when: 'before' } },
  {
    operation: 'close',
    probability: 0.05,
    fault: { kind: 'pay', when: 'before', callback: false },
  },
  {
    operation: 'query',
    probability: 0.01,
    times_per_order: 1,
    fault: { kind: 'pay', when: 'after', callback: false },
  },
]

/** Callbacks may overtake one another, and must be answered within the gateway's timeout. */
export const standingSwitches = { callback_timeout_ms: 1_500, callback_reorder_ms: 200 }

/** Refuses every request of the merchant, as for a wrong key. */
export const refusing = {
  id: 'refusing',
  operation: ['native', 'query', 'close'],
  fault: { kind: 'error', status: 401, code: 'SIGN_ERROR' },
}

export const busy = {
  id: 'busy',
  operation: ['native', 'query', 'close'],
  fault: { kind: 'error', status: 429, code: 'RATELIMIT_EXCEEDED' },
}
