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

/** One column among the texts of all. */
export function columnOf(
  { columns }: { readonly columns: readonly (string | null)[] },
  name: SealedColumn,
): string | null {
  return columns[sealedColumns.indexOf(name)] ?? null
}
