import { fenToNumber } from '../../domain/money.ts'
import type { ExaminedSource } from '../../sources/examine.ts'
import type { ReadRow } from '../../sources/rows.ts'

/** For programs: amounts in fen, times in RFC 3339. */
export function presentSource(examined: ExaminedSource): object {
  const { name, server, table, rows, plan, traps } = examined
  return {
    ...{ name, database: server, table, is_view: examined.isView, rows },
    write_rights: examined.writeRights,
    statuses: examined.statuses,
    samples: examined.samples?.map(presentRow) ?? null,
    plan: { lines: plan.lines, uses_index: plan.usesIndex },
    order_no_unique: examined.isUnique,
    traps,
  }
}

function presentRow(row: ReadRow): object {
  if (row.kind === 'credited') return { order_no: row.orderNo, standing: 'credited' }
  if (row.kind === 'fault') {
    const { orderNo, key, column, value, problem } = row.fault
    return { order_no: orderNo, key, column, value, problem }
  }
  const { orderNo, userId, amount, createdAt, expiresAt, status, standing } = row.order
  return {
    ...{ order_no: orderNo, user_id: userId, amount: fenToNumber(amount) },
    ...{ created_at: createdAt, expires_at: expiresAt, status, standing },
  }
}
