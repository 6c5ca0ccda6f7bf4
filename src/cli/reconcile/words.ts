import { catalog } from '../../i18n/locale.ts'
import type { ColumnUse } from '../../reconcile/export/known-words.ts'
import type { ExportProblem, Standing } from '../../reconcile/export/row.ts'
import type { Finding } from '../../reconcile/finding.ts'
import { faultsMax, type Verdict } from '../../reconcile/reconcile.ts'

export const reconcileWordsOf = catalog({
  en: {
    kinds: {
      missed_payment: 'paid, not credited',
      unknown_order: 'in the bill, not in the export',
      not_in_bill: 'paid in the export, not in the bill',
      amount_differs: 'the amounts differ',
      duplicate_payment: 'paid a second time',
      refund: 'refunded, paid in the export',
      not_judged: 'not judged: no bill of its day',
    } satisfies Record<Finding['kind'], string>,
    problems: {
      order_no_missing: 'no order number',
      order_no_rounded: 'a spreadsheet has rounded the number: export the column as text',
      order_no_zeros:
        'no bill has this number, and a spreadsheet may have made zeros of its last digits: export the column as text',
      order_no_too_long: 'longer than any order number of the gateway',
      order_no_duplicate: 'another row has the same number',
      amount_unreadable: 'no amount in the unit of this column (yuan have at most 2 places)',
      time_unreadable: 'no time',
      status_unknown: 'it is not known whether this status means paid: name it in a file for --map',
      cells: 'more cells than the first line has columns',
    } satisfies Record<ExportProblem, string>,
    standings: { paid: 'paid', unpaid: 'not paid', refunded: 'paid and refunded' } satisfies Record<
      Standing,
      string
    >,
    uses: {
      order_no: 'order number',
      amount: 'amount',
      status: 'status',
      paid_at: 'time of payment',
      user_id: 'user',
    } satisfies Record<ColumnUse, string>,
    verdicts: {
      agree: 'Bills and export agree on all that could be judged.',
      differ: 'Bills and export differ.',
      cannot_judge: 'Not everything could be judged: this is no all-clear.',
    } satisfies Record<Verdict, string>,
    bills: (days: string, { payments, refunds }: { payments: number; refunds: number }) =>
      `Bills of ${days}: ${payments} payments, ${refunds} refunds.`,
    noDays: 'no day with payments',
    repeated: (rows: number) => `${rows} rows were there before, and count once.`,
    orders: (rows: number, skipped: number) =>
      `Export: ${rows} rows${skipped === 0 ? '' : `; ${skipped} more are left out by the map`}.`,
    status: (status: string, { standing, rows }: { standing: string; rows: number }) =>
      `  status "${status}" counts as ${standing}: ${rows} rows`,
    count: (kind: string, { count, sum }: { count: number; sum: string }) =>
      `${count} ${kind}, ${sum} in all`,
    faultCount: (count: number) => `${count} rows cannot be judged`,
    more: (count: number) => `${count} more: --csv FILE or --json has all`,
    moreFaults: (count: number) =>
      `${count} more: --csv FILE and --json have the first ${faultsMax}`,
    wrote: (file: string) => `wrote ${file}`,
    columns: (names: string) => `The columns of the export: ${names}`,
    whichColumn: (use: string) => `Which column is the ${use}? Its number or its name`,
    everyRowPaid: ' (Enter: there is none, and every row was paid)',
    whichStanding: (status: string) =>
      `What does the status "${status}" mean? p: paid and credited, u: not paid, r: paid and refunded`,
    again: 'That is none of them.',
    keepMap: 'Keep this as a file for --map, and nothing is prompted for again:',
  },
  zh: {
    kinds: {
      missed_payment: '已付款未入账',
      unknown_order: '账单中有，导出文件中没有',
      not_in_bill: '导出文件为已支付，账单中没有',
      amount_differs: '金额不符',
      duplicate_payment: '重复支付',
      refund: '已退款，导出文件为已支付',
      not_judged: '未核对：没有当日账单',
    },
    problems: {
      order_no_missing: '没有订单号',
      order_no_rounded: '订单号已被表格软件改成近似值：请把该列按文本导出',
      order_no_zeros: '账单中没有这个号码，末尾的数字可能已被表格软件改成 0：请把该列按文本导出',
      order_no_too_long: '比支付渠道的任何订单号都长',
      order_no_duplicate: '另有一行的订单号相同',
      amount_unreadable: '不是该列单位的金额（元最多两位小数）',
      time_unreadable: '不是时间',
      status_unknown: '不知道这个状态是否表示已支付：请在 --map 的文件中说明',
      cells: '单元格多于首行的列数',
    },
    standings: { paid: '已支付', unpaid: '未支付', refunded: '已支付并退款' },
    uses: {
      order_no: '订单号',
      amount: '金额',
      status: '状态',
      paid_at: '支付时间',
      user_id: '用户',
    },
    verdicts: {
      agree: '在能核对的范围内，账单与导出文件一致。',
      differ: '账单与导出文件不一致。',
      cannot_judge: '有内容无法核对：不能据此认为没有问题。',
    },
    bills: (days, { payments, refunds }) =>
      `账单 ${days}：支付 ${payments} 笔，退款 ${refunds} 笔。`,
    noDays: '没有任何一天有支付',
    repeated: (rows) => `${rows} 行重复，只计一次。`,
    orders: (rows, skipped) =>
      `导出文件：${rows} 行${skipped === 0 ? '' : `；另有 ${skipped} 行按映射文件排除`}。`,
    status: (status, { standing, rows }) => `  状态“${status}”视为${standing}：${rows} 行`,
    count: (kind, { count, sum }) => `${kind}：${count} 笔，共 ${sum}`,
    faultCount: (count) => `${count} 行无法核对`,
    more: (count) => `另有 ${count} 条：用 --csv FILE 或 --json 列出全部`,
    moreFaults: (count) => `另有 ${count} 行：--csv FILE 和 --json 只列出前 ${faultsMax} 行`,
    wrote: (file) => `已写入 ${file}`,
    columns: (names) => `导出文件的列：${names}`,
    whichColumn: (use) => `哪一列是${use}？请输入序号或列名`,
    everyRowPaid: '（直接回车：没有这一列，每一行都已支付）',
    whichStanding: (status) =>
      `状态“${status}”是什么意思？p：已支付并入账，u：未支付，r：已支付并退款`,
    again: '没有这个选项。',
    keepMap: '把以下内容存为文件并用 --map 指定，以后不再询问：',
  },
})
