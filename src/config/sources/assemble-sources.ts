import type { ParsedConfig } from '../schema.ts'
import type { SourceColumns, SourceConfig, TimeColumn } from './source-config.ts'
import type { ParsedSource } from './source-schema.ts'

/** A source without an address of its own is in budan's database, which must then be a server's. */
export function ownDatabaseFaults({ sources, database }: ParsedConfig): readonly string[] {
  if (!database.url.startsWith('pglite:')) return []
  return sources
    .map(({ url }, at) => ({ url, at }))
    .filter(({ url }) => url === undefined)
    .map(
      ({ at }) =>
        `sources[${at}].url: not set, and budan's own database is embedded: give the url of the shop's database`,
    )
}

/** A source may say whose orders it has. */
export function sourceMerchantFaults(
  { sources }: ParsedConfig,
  names: readonly string[],
): readonly string[] {
  return sources.flatMap(({ merchant }, at) =>
    merchant === undefined || names.includes(merchant)
      ? []
      : [`sources[${at}].merchant: ${JSON.stringify(merchant)} is none that is configured`],
  )
}

export function assembleSources({ sources, database }: ParsedConfig): readonly SourceConfig[] {
  return sources.map((source) => assembleSource(source, database.url))
}

/** @param ownUrl of budan's own database, for a source without an address. */
export function assembleSource(source: ParsedSource, ownUrl: string): SourceConfig {
  return {
    name: source.name,
    ...(source.merchant !== undefined && { merchant: source.merchant }),
    url: source.url ?? ownUrl,
    table: source.table,
    columns: columnsOf(source.columns),
    status: {
      column: source.status.column,
      pending: source.status.pending,
      revive: source.status.revive,
      paid: source.status.paid ?? null,
      done: source.status.done,
      expired: source.status.expired ?? null,
    },
    only: Object.fromEntries(
      Object.entries(source.only).map(([column, value]) => [column, isNull(value) ? null : value]),
    ),
    days: source.days,
    credit: source.credit,
  }
}

function columnsOf(columns: ParsedSource['columns']): SourceColumns {
  const { amount, created_at: createdAt, expires_at: expiresAt } = columns
  const amountColumns = amount.column === undefined ? (amount.sum ?? []) : [amount.column]
  return {
    orderNo: columns.order_no,
    userId: columns.user_id,
    amount: { columns: amountColumns, unit: amount.unit },
    createdAt: timeOf(createdAt),
    expiresAt: endOf(expiresAt),
    transactionId: columns.transaction_id ?? null,
    paidAt: columns.paid_at ?? null,
  }
}

function endOf(expiresAt: ParsedSource['columns']['expires_at']): SourceColumns['expiresAt'] {
  if (expiresAt === undefined) return null
  const { column, minutes, zone, unix } = expiresAt
  if (column !== undefined) return timeOf({ column, zone, unix })
  return minutes === undefined ? null : { minutes }
}

function timeOf({
  column,
  zone,
  unix,
}: {
  readonly column: string
  readonly zone?: string | undefined
  readonly unix?: 's' | 'ms' | undefined
}): TimeColumn {
  return { column, zone: zone ?? null, unix: unix ?? null }
}

/** Every scalar of the file is text; these are what YAML takes for null. */
function isNull(value: string): boolean {
  return ['', '~', 'null'].includes(value.trim())
}
