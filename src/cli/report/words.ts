import { catalog } from '../../i18n/locale.ts'
import type { Finding, ReportProblem } from '../../report/finding.ts'
import type { DoubtfulSource } from '../../report/report.ts'
import type { RowProblem, SourceTrap } from '../../sources/source.ts'

export const reportWordsOf = catalog({
  en: {
    problems: {
      paid_not_credited: 'paid, and not credited',
      amount_differs: 'paid, with another amount',
      currency_differs: 'paid, in another currency',
      app_id_differs: 'paid, under another app id',
      refunded: 'paid, and refunded in part or as a whole',
      created_in_future: 'created in the future: is the time zone of the mapping right?',
    } satisfies Record<Exclude<ReportProblem, RowProblem>, string>,
    rowProblems: {
      amount_unreadable: 'the amount cannot be read',
      order_no_impossible: 'no order number of the gateway',
      order_no_duplicate: 'several rows have this number: it is not known which was paid',
      user_id_missing: 'the user is missing',
      time_unreadable: 'a time cannot be read',
      status_unknown: 'a status that the mapping does not name',
    } satisfies Record<RowProblem, string>,
    /** Where the row is, and what its column holds. */
    row: ({ key, column, value }: NonNullable<Finding['fault']>) =>
      `row ${key}, column "${column}": ${value === null ? 'null' : JSON.stringify(value)}`,
    traps: {
      order_no_not_unique:
        'the order number is not unique: two rows may be credited for one payment',
      no_key: 'the table has no key: nothing names one row',
      crediting_not_guarded: 'nothing in the schema stops a second credit of one order',
      expiry_overwrites: 'a job or trigger may set a paid row back to expired',
      index_missing: 'no index fits the reading: each page reads the whole table',
      collation_ignores_case: 'the order number is compared without regard to case',
      not_transactional: 'the table has no transactions',
    } satisfies Record<SourceTrap['kind'], string>,
    trap: ({ source, where, what }: { source: string; where: string; what: string }) =>
      `Beware, source "${source}": ${what} (${where})`,
    remedy: (statement: string) => `  mended by: ${statement}`,
    found: (count: number, sum: string) =>
      count === 1
        ? `1 order was paid, and is not credited: ${sum}`
        : `${count} orders were paid, and are not credited: ${sum} in all`,
    nothing: 'Nothing was found: every row was queried, and none is paid.',
    nothingSoFar: 'Nothing was found so far, and that means nothing: the list is not complete.',
    noRows:
      'No row is pending or may be revived in these days. Are the statuses and the time zone of the mapping right? `budan sources` shows them.',
    skipped: (count: number, listed: number) =>
      `Not complete: ${count} rows were skipped, because they cannot be understood${listed < count ? `; ${listed} of them are listed` : ''}`,
    creditedMeanwhile: (count: number) =>
      count === 1
        ? '1 more was credited while this report was made'
        : `${count} more were credited while this report was made`,
    doubtful: ({ name, absent, trades }: DoubtfulSource) =>
      `Beware, source "${name}": the gateway does not know ${absent} of ${absent + trades} order numbers. Were they placed under this merchant number?`,
    unanswered: (count: number) => `Not complete: ${count} rows have no answer`,
    unread: (count: number) => `, about ${count} of them were not read`,
    lastAnswer: (reason: string) => `The last query without an answer: ${reason}`,
    stopped: {
      signal: 'Stopped by a signal',
      gateway: (why: string) => `Stopped, because every query would fail: ${why}`,
      source: (name: string, why: string) =>
        `Stopped, because source "${name}" cannot be read: ${why}`,
    },
    resume: (command: string) => `To go on: \`${command}\``,
    resumed: (startedAt: string) =>
      `This report was begun at ${startedAt}: rows that were created later are not in it.`,
    throttled: 'The gateway says that there are too many queries: the report goes on more slowly.',
    noSources: 'sources: not set: describe the table of orders that is to be read',
    noSuchSource: (name: string, names: string) => `--source: "${name}" is not one of ${names}`,
  },
  zh: {
    problems: {
      paid_not_credited: '已支付，未入账',
      amount_differs: '已支付，金额与订单不符',
      currency_differs: '已支付，币种与订单不符',
      app_id_differs: '已支付，appid 与配置不符',
      refunded: '已支付，后来有退款（部分或全部）',
      created_in_future: '创建时间在未来：列映射中的时区对吗？',
    },
    rowProblems: {
      amount_unreadable: '金额无法识别',
      order_no_impossible: '不是支付渠道的订单号',
      order_no_duplicate: '多行使用同一订单号，无法确定支付的是哪一行',
      user_id_missing: '缺少用户',
      time_unreadable: '时间无法识别',
      status_unknown: '列映射中没有的状态',
    },
    row: ({ key, column, value }) =>
      `行 ${key}，列“${column}”：${value === null ? '空（null）' : JSON.stringify(value)}`,
    traps: {
      order_no_not_unique: '订单号不唯一：一笔支付可能给两行入账',
      no_key: '表没有主键或唯一键，无法区分各行',
      crediting_not_guarded: '表结构不能阻止同一订单入账两次',
      expiry_overwrites: '定时任务或触发器可能把已支付的行改回过期',
      index_missing: '没有合适的索引：每读一页都要扫描全表',
      collation_ignores_case: '订单号比较时不区分大小写',
      not_transactional: '该表不支持事务',
    },
    trap: ({ source, where, what }) => `注意，订单来源“${source}”：${what}（${where}）`,
    remedy: (statement) => `  解决办法：${statement}`,
    found: (count, sum) => `${count} 个订单已支付而未入账，合计 ${sum}`,
    nothing: '没有发现问题：每一行都已查单，均未支付。',
    nothingSoFar: '目前没有发现问题，但不能说明没有：结果不完整。',
    noRows:
      '这段时间内没有待确认或可恢复的行。列映射中的状态和时区对吗？用 `budan sources` 可以查看。',
    skipped: (count, listed) =>
      `结果不完整：有 ${count} 行无法识别，已跳过${listed < count ? `，只列出其中 ${listed} 行` : ''}`,
    creditedMeanwhile: (count) => `另有 ${count} 个在核查期间已入账`,
    doubtful: ({ name, absent, trades }) =>
      `注意，订单来源“${name}”：${absent + trades} 个订单号中有 ${absent} 个支付渠道不认识。它们是用这个商户号下的单吗？`,
    unanswered: (count) => `结果不完整：有 ${count} 行没有查到结果`,
    unread: (count) => `，其中约 ${count} 行尚未读取`,
    lastAnswer: (reason) => `最近一次没有查到结果的原因：${reason}`,
    stopped: {
      signal: '已按要求停止',
      gateway: (why) => `已停止，因为查询全都会失败：${why}`,
      source: (name, why) => `已停止，因为无法读取订单来源“${name}”：${why}`,
    },
    resume: (command) => `继续核查：\`${command}\``,
    resumed: (startedAt) => `这次核查始于 ${startedAt}：之后创建的行不在其中。`,
    throttled: '支付渠道提示查询过于频繁：将放慢速度继续。',
    noSources: 'sources：未设置：请描述要读取的订单表',
    noSuchSource: (name, names) => `--source：“${name}”不在 ${names} 之中`,
  },
})
