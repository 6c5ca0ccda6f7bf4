import type { SourceConfig } from '../config/sources/source-config.ts'
import { sqlText } from '../text/sql-text.ts'
import { endColumn } from './mapping.ts'

/**
 * The table that crediting in another database will need, and the rights: for the shop's own people to
 * read, and to run where they want it. Reading needs the first of the rights alone.
 */
export function helperTable(config: SourceConfig): string {
  const isMysql = /^(mysql|mariadb):/.test(config.url)
  const [create, quote] = isMysql ? [mysqlTable, '`'] : [postgresTable, '"']
  const names = (list: readonly string[]) =>
    list.map((name) => `${quote}${name.replaceAll(quote, quote + quote)}${quote}`).join(', ')
  const table = config.table
    .split('.')
    .map((part) => names([part]))
    .join('.')
  const user = isMysql ? "'budan'@'%'" : 'budan'
  const grants = [
    `grant select (${names(columnsRead(config))}) on ${table} to ${user};`,
    `grant update (${names(columnsWritten(config))}) on ${table} to ${user};`,
    `grant select, insert on budan_credits to ${user};`,
  ]
  return `${create}\n${grants.map((grant) => `-- ${grant}\n`).join('')}`
}

/** Numbers of orders differ in case, so the key must. */
const mysqlTable = sqlText`create table budan_credits (
  mchid varchar(32) character set ascii collate ascii_bin not null,
  order_no varchar(32) character set ascii collate ascii_bin not null,
  transaction_id varchar(64) character set ascii collate ascii_bin not null,
  credited_at datetime(6) not null,
  primary key (mchid, order_no),
  unique key (transaction_id)
) engine = InnoDB;`

const postgresTable = sqlText`create table budan_credits (
  mchid text collate "C" not null,
  order_no text collate "C" not null,
  transaction_id text collate "C" not null unique,
  credited_at timestamptz not null,
  primary key (mchid, order_no)
);`

function columnsRead({ columns, status, only }: SourceConfig): readonly string[] {
  const end = endColumn(columns)
  const times = [columns.createdAt.column, ...(end === null ? [] : [end.column])]
  const all = [columns.orderNo, columns.userId, ...columns.amount.columns, ...times]
  return [...new Set([...all, status.column, ...Object.keys(only)])]
}

function columnsWritten({ columns, status }: SourceConfig): readonly string[] {
  const optional = [columns.transactionId, columns.paidAt].filter((name) => name !== null)
  return [status.column, ...optional]
}
