import type { OrderStatus, Source } from '../../../domain/order-states.ts'
import type { ReadinessCheck } from '../../../health/readiness.ts'
import { durationText } from '../../../i18n/durations.ts'
import { catalog, type Locale } from '../../../i18n/locale.ts'
import { dayMs, hourMs, minuteMs } from '../../../text/time-units.ts'
import { type Tone, timeText } from '../parts.tsx'
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
export function latencyText(ms: number | null, locale: Locale): string {
  if (ms === null) return '–'
  const words = overviewWords(locale)
  if (ms < 1_000) return words.belowSecond
  const [name, unitMs] = (
    [
      ['d', dayMs],
      ['h', hourMs],
      ['min', minuteMs],
    ] as const
  ).find(([, each]) => ms >= each) ?? ['s', 1_000]
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

/** What comes before and after a time. */
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

export const overviewWords = catalog({
  en: {
    question: 'Is the promise kept?',
    promise:
      'The promise: every order that was paid at WeChat Pay is credited exactly once, even if its payment callback never comes.',
    verdict: {
      good: 'Yes. Every payment that budan knows of is credited, and orders are asked about on time.',
      warn: 'Yes, as far as can be told. But somebody should look at this:',
      bad: 'In danger: paid orders may be without their credit.',
    } satisfies Record<VerdictTone, string>,
    tones: { good: 'kept', warn: 'look', bad: 'danger' } satisfies Record<VerdictTone, string>,
    toDo: 'What to do:',
    follows: 'It follows from what stands above, or has to wait for it.',
    open: (path: string) => `Open ${path.slice(1)}`,
    asOf: around('As of ', '. Load the page again for news.'),
    live: 'Live: this page keeps itself up to date.',
    lost: 'Not live since {time}: the connection is lost. It comes back by itself.',
    loginEnded: 'Your login has ended; this page stands still.',
    logIn: 'Log in again',
    time: 'Time',
    units: { d: 'd', h: 'h', min: 'min', s: 's' },
    unknown: 'unknown',
    figures: 'At a glance',
    notCredited: 'Paid, but not credited',
    notCreditedIs:
      'Orders that budan knows to be paid, and whose user got nothing. Must be 0: counted in the books themselves.',
    countedAt: around('Counted at ', ''),
    countedIn: (took: string) => `, in ${took}.`,
    counting: 'Being counted …',
    notCounted:
      'Not counted yet. With so many orders in an embedded database this is done when you ask for it.',
    notCountable: 'The last attempt to count failed.',
    toAudit: 'Open the audit',
    oldest: 'Oldest order not asked about',
    oldestNone: 'none',
    oldestIs: (threshold: string) =>
      `An order that is not confirmed yet, and whose callback may be lost. WeChat Pay is asked once it is ${threshold} old, by the next run.`,
    late: 'late',
    lateIs: 'The second number: how far the most delayed question is past its time.',
    latency: 'From payment to credit',
    latencyIs: (count: string, span: string) =>
      `Half of the credits came within the median, 99 % within the p99. Of ${count} credits in ${span}.`,
    latencyNone: (span: string) => `No credit in ${span}.`,
    p50: 'median',
    p99: 'p99',
    reviews: 'Waiting for a person',
    reviewsIs: 'Paid, but not as ordered, or a refund was started: a person decides.',
    toReviews: 'Open the queue',
    nextRun: 'Next run',
    nextRunIs:
      'A run asks WeChat Pay about the orders that are due, and credits those that were paid.',
    every: (interval: string) => `Every ${interval}.`,
    countdown: { in: 'in {left}', now: 'now' },
    byHand: 'by hand only',
    byHandIs: 'compensation_enabled is off: no run is made unasked.',
    stopped: 'stopped',
    stoppedIs: 'The clock of this process is stopped: no run is made unasked.',
    running: around('A run is under way since ', '.'),
    lastRun: around('The last one finished at ', '.'),
    noRun: 'None has finished yet.',
    belowSecond: 'under 1 s',
    states: 'Orders by state',
    statesUnknown: 'The orders cannot be counted while the database does not answer.',
    stateHead: ['State', 'Orders', 'Meaning'],
    stateIs: {
      pending: 'Whether it was paid is not confirmed yet.',
      paid: 'Paid, and credited once.',
      expired: 'Can no longer be paid. Money that comes late is credited all the same.',
      review:
        'Paid, but not as ordered, or a refund was started: waits for a person, or was dismissed by one.',
    } satisfies Record<OrderStatus, string>,
    noOrders:
      'There are no orders yet. They are placed, or taken over, by the API: POST /v1/orders.',
    spans: 'Period',
    span: (hours: number) => (hours === 1 ? 'the last hour' : `the last ${hours} hours`),
    spanName: (hours: number) => `${hours} h`,
    readSoFar: around('Read back to', ' so far; the rest is being read.'),
    credits: 'How orders were credited',
    creditsIs:
      'The more come by callback, the better; each other one is a customer who would have waited, or complained.',
    creditsHead: ['Credited by', 'Credits', 'Share', 'Median', 'p99', 'Meaning'],
    sourceIs: {
      callback: 'WeChat Pay told us.',
      compensation: 'The callback was lost or late; a run asked, and found the payment.',
      check: 'Somebody pressed “check now”.',
      operator: 'A person resolved the review.',
    } satisfies Record<Source, string>,
    total: 'all',
    charts: 'Charts',
    minutes: (count: number) => (count === 1 ? 'minute' : `${count} minutes`),
    charted: {
      credits: 'Credits',
      creditsIs: (slot: string) => `Credits in each ${slot}, by how they came, of all nodes`,
      latency: 'From payment to credit',
      latencyIs: (slot: string) => `Time from payment to credit in each ${slot}, of all nodes`,
      calls: 'Answers of WeChat Pay',
      callsIs: (slot: string) => `Calls to WeChat Pay in each ${slot}, of this node alone`,
      answered: 'answered',
      failed: 'failed',
      p50: 'median',
      p99: 'p99',
    },
    asTable: 'The same as a table',
    chartHead: ['From', 'Credits', 'Median', 'p99', 'Answered', 'Failed'],
    chartEmpty: 'Nothing happened in this time.',
    health: 'Health',
    healthHead: ['Part', 'State', 'Details'],
    healthUnknown: 'The parts cannot be examined while the database does not answer.',
    checks: {
      database: 'Database',
      schema: 'Schema',
      clocks: 'Clocks',
      gateway: 'Questions',
      engine: 'Engine',
      schedule: 'Schedule',
    } satisfies Record<ReadinessCheck['name'], string>,
    wechat: 'WeChat Pay',
    stateOf: { good: 'well', bad: 'fault', warn: 'look', plain: 'quiet' } satisfies Record<
      Tone,
      string
    >,
    calls: ({ total, failed, causes, times: [p50, p99] }: CallFacts) =>
      `This node, last 10 minutes: ${total} calls, median ${p50}, p99 ${p99}; ${failed} failed${causes.length > 0 ? ` (${causes.join(', ')})` : ''}.`,
    noCalls: 'This node, last 10 minutes: nothing was asked.',
    outcomes: {
      timeout: 'no answer in time',
      network: 'no connection',
      server_error: 'errors of theirs (5xx)',
      throttled: 'too many requests (429)',
      unverified: 'signature not ours to verify',
      unparsable: 'not understood',
      refused: 'refused (4xx)',
      unauthorized: 'not authorized (401)',
      forbidden: 'forbidden (403)',
      foreign: 'another merchant’s order',
    } as Readonly<Record<string, string>>,
    runs: 'Last runs',
    runHead: ['Run', 'Began', 'State', 'Asked', 'Credited', 'No answer', 'Took'],
    noRuns: 'No run has been made yet.',
    runsUnknown: 'The runs cannot be read while the database does not answer.',
    allRuns: 'All runs',
    dryRun: 'dry run',
  },
  zh: {
    question: '每笔已付款的订单都入账了吗？',
    promise: 'budan 的承诺：凡在微信支付付过款的订单，一定入账且只入账一次，哪怕支付回调从未到达。',
    verdict: {
      good: '是。已知的付款全部入账，订单都按时查询。',
      warn: '目前看是，但有事项需要关注：',
      bad: '有风险：可能有已付款的订单还没有入账。',
    },
    tones: { good: '正常', warn: '留意', bad: '危险' },
    toDo: '怎么办：',
    follows: '这是上面的问题引起的，或须等它解决后再处理。',
    open: (path) =>
      ({ '/audit': '打开账目自检', '/runs': '打开补单运行', '/reviews': '打开待处理' })[path] ??
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
    notCountable: '上次清点没有成功。',
    toAudit: '打开账目自检',
    oldest: '最久未查询的订单',
    oldestNone: '无',
    oldestIs: (threshold) =>
      `待确认、回调可能已丢失的订单。满 ${threshold}后，由下一次补单运行向微信支付查询。`,
    late: '已迟',
    lateIs: '第二个数：最迟的一笔已超过应查询时间多久。',
    latency: '从付款到入账',
    latencyIs: (count, span) =>
      `一半的入账不超过中位数，99% 不超过 P99。统计${span}的 ${count} 笔入账。`,
    latencyNone: (span) => `${span}没有入账。`,
    p50: '中位数',
    p99: 'P99',
    reviews: '待人工处理',
    reviewsIs: '已付款但与订单不符，或已发起退款，需要人工决定。',
    toReviews: '打开待处理列表',
    nextRun: '下次补单运行',
    nextRunIs: '每次运行向微信支付查询到期的订单，已付款的即入账。',
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
    creditsIs: '支付回调占比越高越好；其余每一笔，本来都会有一位用户在等待或投诉。',
    creditsHead: ['入账方式', '入账笔数', '占比', '中位数', 'P99', '含义'],
    sourceIs: {
      callback: '微信支付主动通知。',
      compensation: '回调丢失或迟到，补单运行查询后发现已付款。',
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
      calls: '微信支付应答',
      callsIs: (slot) => `每 ${slot}对微信支付的调用，仅本节点`,
      answered: '有应答',
      failed: '失败',
      p50: '中位数',
      p99: 'P99',
    },
    asTable: '以表格查看',
    chartHead: ['起始', '入账', '中位数', 'P99', '有应答', '失败'],
    chartEmpty: '这段时间内没有记录。',
    health: '运行状况',
    healthHead: ['部件', '状态', '说明'],
    healthUnknown: '数据库没有应答，无法检查各部件。',
    checks: {
      database: '数据库',
      schema: '表结构',
      clocks: '时钟',
      gateway: '查询',
      engine: '调度引擎',
      schedule: '定时运行',
    },
    wechat: '微信支付',
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
    runs: '最近的补单运行',
    runHead: ['编号', '开始时间', '状态', '查询', '入账', '无应答', '用时'],
    noRuns: '还没有补单运行。',
    runsUnknown: '数据库没有应答，无法读取补单运行。',
    allRuns: '全部运行',
    dryRun: '试运行',
  },
})

export type OverviewWords = ReturnType<typeof overviewWords>
