import type { OrderStatus, Source } from '../../../domain/order-states.ts'
import type { ReadinessCheck } from '../../../health/readiness.ts'
import { durationText, units } from '../../../i18n/durations.ts'
import type { Locale } from '../../../i18n/locale.ts'
import { dayMs, hourMs, minuteMs } from '../../../text/time-units.ts'
import { type Tone, timeText } from '../frame/parts.tsx'
import { gatewayCatalog } from '../frame/rendering.ts'
import type { VerdictTone } from './verdict.ts'

/** 1,234 in both languages. */
export function countText(count: number): string {
  return new Intl.NumberFormat('en').format(count)
}

/** Counts of the store are exact up to here: see `Vitals`. */
const exactMax = 10_000

/**
 * A percentile in one unit and two digits, as exact as it is: `45 s`, `9.1 min`, `2 h`. Below a
 * second nothing is known of a credit, as the gateway dates payments in whole ones.
 */
export function latencyText(ms: number | null): string {
  if (ms === null) return '–'
  const words = overviewWords()
  if (ms < 1_000) return words.belowSecond
  const [name, unitMs] = units.find(([, each]) => ms >= each) ?? ['s', 1_000]
  return `${Number((ms / unitMs).toPrecision(2))} ${words.units[name]}`
}

/** Sentences of the program name the offset of a time; of this page all are as the gateway has them. */
export function withOwnTimes(sentence: string): string {
  return sentence.replaceAll(/\d{4}-\d\d-\d\dT[\d:]+\+08:00/g, (time) => timeText(new Date(time)))
}

export function roughCountText(count: number): string {
  return count <= exactMax ? countText(count) : `≈ ${countText(Number(count.toPrecision(3)))}`
}

/** Coarser with its size, so that what is shown stays still: `12 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function ageText(ms: number, locale: Locale): string {
  const unitMs = ms < minuteMs ? 1_000 : ms < dayMs ? minuteMs : hourMs
  const rounded = Math.floor(ms / unitMs) * unitMs
  if (rounded === 0) return locale === 'zh' ? '不到 1 秒' : 'less than 1 s'
  return durationText(rounded, locale)
}

function around(before: string, after: string): readonly [string, string] {
  return [before, after]
}

/** In words already. */
interface CallFacts {
  readonly total: string
  readonly failed: string
  /** Why they failed, each with how many. */
  readonly causes: readonly string[]
  /** Median and p99. */
  readonly times: readonly [string, string]
}

export const overviewWords = gatewayCatalog({
  en: (gateway: string) => ({
    payments: 'Payments',
    promise: `budan credits every order that was paid at ${gateway} exactly once, even if the payment callback was lost.`,
    verdict: {
      good: 'Payments: OK. Every payment that budan knows of is credited, and orders are queried on time.',
      warn: 'Payments: OK, with warnings:',
      bad: 'Payments: at risk. Paid orders may not be credited.',
    } satisfies Record<VerdictTone, string>,
    tones: { good: 'OK', warn: 'warning', bad: 'at risk' } satisfies Record<VerdictTone, string>,
    toDo: 'What to do:',
    follows: 'This is a consequence of the problem above, or has to wait for it.',
    open: (path: string) => `Open ${path.slice(1)}`,
    asOf: around('As of ', '. Reload the page to update it.'),
    live: 'Live: this page updates itself.',
    lost: 'Not live since {time}: the connection is lost. The page reconnects by itself.',
    loginEnded: 'Your login has ended; this page is not updated any more.',
    logIn: 'Log in again',
    time: 'Time',
    units: { d: 'd', h: 'h', min: 'min', s: 's' },
    unknown: 'unknown',
    figures: 'At a glance',
    notCredited: 'Paid, but not credited',
    notCreditedIs:
      'Orders that budan knows to be paid and whose user was not credited. Must be 0; counted from the ledger itself.',
    countedAt: around('Counted at ', ''),
    countedIn: (took: string) => `, in ${took}.`,
    counting: 'Counting …',
    notCounted:
      'Not counted yet. An embedded database with more than 10,000 orders is counted only on request.',
    notCountable: 'The last attempt to count failed.',
    toAudit: 'Open the audit',
    oldest: 'Oldest order not queried',
    oldestNone: 'none',
    oldestIs: (threshold: string) =>
      `The oldest order that is not confirmed yet; its callback may be lost. A run queries ${gateway} once the order is ${threshold} old.`,
    late: 'late',
    lateIs: 'The second number: how late the most overdue query is.',
    latency: 'From payment to credit',
    latencyIs: (count: string, span: string) => `Median and p99 of ${count} credits in ${span}.`,
    latencyNone: (span: string) => `No credit in ${span}.`,
    p50: 'median',
    p99: 'p99',
    reviews: 'Waiting for review',
    reviewsIs: 'Paid, but not as ordered, or a refund was started: an operator decides.',
    toReviews: 'Open the queue',
    nextRun: 'Next run',
    nextRunIs: `A run queries ${gateway} for the orders that are due, and credits those that were paid.`,
    every: (interval: string) => `Every ${interval}.`,
    countdown: { in: 'in {left}', now: 'now' },
    byHand: 'by hand only',
    byHandIs: 'compensation_enabled is off: runs do not start by themselves.',
    stopped: 'stopped',
    stoppedIs: 'The timer of this process is stopped: runs do not start by themselves.',
    running: around('A run has been in progress since ', '.'),
    lastRun: around('The last one finished at ', '.'),
    noRun: 'None has finished yet.',
    belowSecond: 'under 1 s',
    states: 'Orders by state',
    statesUnknown: 'The orders cannot be counted while the database does not answer.',
    stateHead: ['State', 'Orders', 'Meaning'],
    stateIs: {
      pending: 'Whether it was paid is not confirmed yet.',
      paid: 'Paid, and credited once.',
      expired: 'Can no longer be paid. A late payment is still credited.',
      review:
        'Paid, but not as ordered, or a refund was started: waits for an operator, or was dismissed.',
    } satisfies Record<OrderStatus, string>,
    noOrders: 'There are no orders yet. Create or adopt them by the API: POST /v1/orders.',
    spans: 'Period',
    span: (hours: number) => (hours === 1 ? 'the last hour' : `the last ${hours} hours`),
    spanName: (hours: number) => `${hours} h`,
    readSoFar: around('Read back to', ' so far; older credits are being read.'),
    credits: 'How orders were credited',
    creditsIs:
      'More callbacks are better. Without budan, the user of every other credit would have waited or complained.',
    creditsHead: ['Credited by', 'Credits', 'Share', 'Median', 'p99', 'Meaning'],
    sourceIs: {
      callback: `${gateway} sent a payment callback.`,
      compensation: 'The callback was lost or late; a run found the payment.',
      check: 'An operator or a program used “Check now”.',
      operator: 'An operator resolved the review.',
    } satisfies Record<Source, string>,
    total: 'all',
    charts: 'Charts',
    minutes: (count: number) => (count === 1 ? 'minute' : `${count} minutes`),
    charted: {
      credits: 'Credits',
      creditsIs: (slot: string) => `Credits in each ${slot}, by what credited them, of all nodes`,
      latency: 'From payment to credit',
      latencyIs: (slot: string) => `Time from payment to credit in each ${slot}, of all nodes`,
      calls: `Answers of ${gateway}`,
      callsIs: (slot: string) => `Calls to ${gateway} in each ${slot}, of this node alone`,
      answered: 'answered',
      failed: 'failed',
      p50: 'median',
      p99: 'p99',
    },
    asTable: 'The same as a table',
    chartHead: ['From', 'Credits', 'Median', 'p99', 'Answered', 'Failed'],
    chartEmpty: 'Nothing happened in this time.',
    health: 'Health',
    healthHead: ['Component', 'State', 'Details'],
    healthUnknown: 'The components cannot be checked while the database does not answer.',
    checks: {
      database: 'Database',
      schema: 'Schema',
      clocks: 'Clocks',
      gateway: 'Queries',
      engine: 'Engine',
      schedule: 'Schedule',
      exceptions: 'Exceptions',
      webhooks: 'Webhooks',
      events: 'Published events',
    } satisfies Record<ReadinessCheck['name'], string>,
    gateway,
    stateOf: { good: 'OK', bad: 'fault', warn: 'warning', plain: 'idle' } satisfies Record<
      Tone,
      string
    >,
    calls: ({ total, failed, causes, times: [p50, p99] }: CallFacts) =>
      `This node, last 10 minutes: ${total} calls, median ${p50}, p99 ${p99}; ${failed} failed${causes.length > 0 ? ` (${causes.join(', ')})` : ''}.`,
    noCalls: 'This node, last 10 minutes: no calls.',
    outcomes: {
      timeout: 'no answer in time',
      network: 'no connection',
      server_error: 'server errors (5xx)',
      throttled: 'too many requests (429)',
      unverified: 'signature not valid',
      unparsable: 'answer not readable',
      refused: 'refused (4xx)',
      unauthorized: 'not authorized (401)',
      forbidden: 'forbidden (403)',
      foreign: 'another merchant’s order',
    } as Readonly<Record<string, string>>,
    runs: 'Last runs',
    runHead: ['Run', 'Started', 'State', 'Queried', 'Credited', 'No answer', 'Duration'],
    noRuns: 'There are no runs yet.',
    runsUnknown: 'The runs cannot be read while the database does not answer.',
    allRuns: 'All runs',
    dryRun: 'dry run',
  }),
  zh: (gateway) => ({
    payments: '收款状态',
    promise: `凡在${gateway}付过款的订单，budan 保证入账且只入账一次，即使支付回调丢失。`,
    verdict: {
      good: '收款正常。已知的付款全部入账，订单均按时查询。',
      warn: '收款正常，但有事项需要关注：',
      bad: '收款有风险：可能有已付款的订单尚未入账。',
    },
    tones: { good: '正常', warn: '留意', bad: '有风险' },
    toDo: '怎么办：',
    follows: '这是上面的问题引起的，或须等它解决后再处理。',
    open: (path) =>
      ({ '/audit': '打开账目自检', '/runs': '打开补单批次', '/reviews': '打开待处理' })[path] ??
      path,
    asOf: around('截至 ', '。刷新页面查看最新情况。'),
    live: '实时：本页自动更新。',
    lost: '自 {time} 起连接中断，数据不再更新；恢复后会自动重连。',
    loginEnded: '登录已失效，本页不再更新。',
    logIn: '重新登录',
    time: '时间',
    units: { d: '天', h: '小时', min: '分钟', s: '秒' },
    unknown: '未知',
    figures: '一览',
    notCredited: '已支付未入账',
    notCreditedIs: 'budan 已知付款、用户却没有入账的订单数，直接从账本中清点，必须为 0。',
    countedAt: around('清点于 ', ''),
    countedIn: (took) => `，用时 ${took}。`,
    counting: '正在清点……',
    notCounted: '尚未清点。内嵌数据库中订单较多时，需手动发起。',
    notCountable: '上次自检没有完成。',
    toAudit: '打开账目自检',
    oldest: '最久未查询的订单',
    oldestNone: '无',
    oldestIs: (threshold) =>
      `待确认、回调可能已丢失的订单。满 ${threshold}后，由下一批补单向${gateway}查询。`,
    late: '已迟',
    lateIs: '第二个数：最迟的一笔已超过应查询时间多久。',
    latency: '从付款到入账',
    latencyIs: (count, span) => `${span}共 ${count} 笔入账的中位数和 P99。`,
    latencyNone: (span) => `${span}没有入账。`,
    p50: '中位数',
    p99: 'P99',
    reviews: '待人工处理',
    reviewsIs: '已付款但与订单不符，或已发起退款，需要人工决定。',
    toReviews: '打开待处理列表',
    nextRun: '下次补单',
    nextRunIs: `每次运行向${gateway}查询到期的订单，已付款的即入账。`,
    every: (interval) => `每 ${interval}一次。`,
    countdown: { in: '{left} 后', now: '即将开始' },
    byHand: '仅手动',
    byHandIs: '已关闭 compensation_enabled，不会自动运行。',
    stopped: '已停止',
    stoppedIs: '本进程的定时器已停止，不会自动运行。',
    running: around('正在运行，始于 ', '。'),
    lastRun: around('上次完成于 ', '。'),
    noRun: '还没有完成过。',
    belowSecond: '不到 1 秒',
    states: '各状态订单数',
    statesUnknown: '数据库没有应答，无法统计订单。',
    stateHead: ['状态', '订单数', '含义'],
    stateIs: {
      pending: '是否已付款，尚待确认。',
      paid: '已付款，并已入账一次。',
      expired: '不能再付款。如有迟到的付款，仍会入账。',
      review: '已付款但与订单不符，或已发起退款：等待人工处理，或已办结（无需入账）。',
    },
    noOrders: '还没有订单。订单通过接口创建或导入：POST /v1/orders。',
    spans: '时间范围',
    span: (hours) => `最近 ${hours} 小时`,
    spanName: (hours) => `${hours} 小时`,
    readSoFar: around('目前读到', '，更早的仍在读取。'),
    credits: '入账方式',
    creditsIs: '支付回调占比越高越好；其余每一笔，若没有补单，用户都会等待或投诉。',
    creditsHead: ['入账方式', '入账笔数', '占比', '中位数', 'P99', '含义'],
    sourceIs: {
      callback: `${gateway}主动通知。`,
      compensation: '回调丢失或迟到，补单查询后发现已付款。',
      check: '有人点了“立即查单”。',
      operator: '人工处理后入账。',
    },
    total: '合计',
    charts: '图表',
    minutes: (count) => `${count} 分钟`,
    charted: {
      credits: '入账',
      creditsIs: (slot) => `每 ${slot}的入账笔数，按入账方式，全部节点`,
      latency: '从付款到入账',
      latencyIs: (slot) => `每 ${slot}从付款到入账的时间，全部节点`,
      calls: `${gateway}应答`,
      callsIs: (slot) => `每 ${slot}对${gateway}的调用，仅本节点`,
      answered: '有应答',
      failed: '失败',
      p50: '中位数',
      p99: 'P99',
    },
    asTable: '以表格查看',
    chartHead: ['起始', '入账', '中位数', 'P99', '有应答', '失败'],
    chartEmpty: '这段时间内没有记录。',
    health: '运行状况',
    healthHead: ['组件', '状态', '说明'],
    healthUnknown: '数据库没有应答，无法检查各组件。',
    checks: {
      database: '数据库',
      schema: '表结构',
      clocks: '时钟',
      gateway: '查询',
      engine: '调度引擎',
      schedule: '定时运行',
      exceptions: '异常单',
      webhooks: '事件推送',
      events: '对外事件',
    },
    gateway,
    stateOf: { good: '正常', bad: '故障', warn: '留意', plain: '空闲' },
    calls: ({ total, failed, causes, times: [p50, p99] }) =>
      `本节点最近 10 分钟：调用 ${total} 次，应答时间中位数 ${p50}，P99 ${p99}；失败 ${failed} 次${causes.length > 0 ? `（${causes.join('，')}）` : ''}。`,
    noCalls: '本节点最近 10 分钟没有发出查询。',
    outcomes: {
      timeout: '超时无应答',
      network: '无法连接',
      server_error: '对方出错（5xx）',
      throttled: '请求过多（429）',
      unverified: '应答验签不通过',
      unparsable: '应答无法理解',
      refused: '被拒绝（4xx）',
      unauthorized: '未通过认证（401）',
      forbidden: '无权限（403）',
      foreign: '属于其他商户的订单',
    },
    runs: '最近的补单批次',
    runHead: ['编号', '开始时间', '状态', '查询', '入账', '无应答', '用时'],
    noRuns: '还没有补单批次。',
    runsUnknown: '数据库没有应答，无法读取补单批次。',
    allRuns: '全部运行',
    dryRun: '试运行',
  }),
})

export type OverviewWords = ReturnType<typeof overviewWords>
