import type { ColumnFacts, TableFacts } from '../databases/table-facts.ts'

/** Which column may hold which fact, by the names that shops use; null: none is likely. */
export interface ProposedColumns {
  readonly orderNo: string | null
  readonly userId: string | null
  readonly amount: string | null
  readonly unit: 'yuan' | 'fen'
  readonly createdAt: string | null
  readonly expiresAt: string | null
  readonly status: string | null
}

/** The most likely first. The payable amount comes before the one that is credited. */
const names = {
  orderNo:
    'out_trade_no pay_order_id order_no order_sn trade_no pay_no order_number orderno no order_id',
  userId: 'user_id uid member_id account_id customer_id wallet_id mch_no email user',
  amount:
    'pay_amount actual_price pay_price total_amount payable_amount amount price money total_fee total',
  createdAt: 'created_at create_time add_time created created_time gmt_create createtime ctime',
  expiresAt: 'expires_at expire_at expired_at expire_time expired_time',
  status: 'status order_status pay_status state trade_status paid',
} as const

export function propose({ columns }: TableFacts): ProposedColumns {
  const find = (fact: keyof typeof names) => columnNamed(columns, names[fact].split(' '))
  const amount = find('amount')
  return {
    orderNo: find('orderNo'),
    userId: find('userId'),
    amount,
    // Whole numbers are fen in every schema that was looked at, and decimals yuan.
    unit: columns.find(({ name }) => name === amount)?.kind === 'integer' ? 'fen' : 'yuan',
    createdAt: find('createdAt'),
    expiresAt: find('expiresAt'),
    status: find('status'),
  }
}

function columnNamed(columns: readonly ColumnFacts[], wanted: readonly string[]): string | null {
  const plain = (name: string) => name.toLowerCase().replaceAll('_', '')
  for (const name of wanted) {
    const found = columns.find((column) => plain(column.name) === plain(name))
    if (found !== undefined) return found.name
  }
  return null
}

/** Statuses whose name says what they mean; the others are for a person to say. */
export function proposeStatuses(statuses: readonly string[]): {
  readonly pending: readonly string[]
  readonly revive: readonly string[]
  readonly paid: readonly string[]
} {
  const those = (pattern: RegExp) => statuses.filter((status) => pattern.test(status))
  return {
    pending: those(/^(pending|unpaid|wait(ing)?(_.*)?|created|new|init|progress)$/i),
    revive: those(/^(expired?|cancel(l?ed)?|closed?|timeout|failed?|failure)$/i),
    paid: those(/^(paid|success|succeeded|completed?|finished|done)$/i),
  }
}
