/** The columns of an order event that its seal covers, in their order. */
export const sealedColumns = [
  'kind',
  'source',
  'trade_state',
  'decision',
  'reason',
  'reason_code',
  'reason_params',
  'alarm',
  'evidence',
  'run_id',
  'node',
  'operator',
  'actor_name',
  'actor_address',
] as const

export type SealedColumn = (typeof sealedColumns)[number]
