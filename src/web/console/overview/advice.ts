import { formatFen } from '../../../domain/money.ts'
import type { GatewayLabel } from '../../../gateway/gateway.ts'
import type { Locale } from '../../../i18n/locale.ts'
import { translate } from '../../../i18n/translate.ts'
import { type AuditWords, auditWords } from '../audit/words.ts'
import { gatewayCatalog } from '../frame/rendering.ts'
import { merchantsStopped, ofMerchants } from '../merchants/merchants-advice.ts'
import type { Concern, Concerns, Found } from './concern.ts'
import { ageText, countText, type OverviewWords, overviewWords, withOwnTimes } from './words.ts'

export interface Advice {
  /** What is wrong. */
  readonly what: string
  /** Null: what to do is with the cause. */
  readonly todo: string | null
  /** Where to do it, in the console. */
  readonly path: string | null
}

interface Reader {
  readonly locale: Locale
  /** Outside of rendering. */
  readonly label?: GatewayLabel
}

/** The text of a concern; with advice only for a root cause. */
export function adviceOn(concern: Found, reader: Reader): Advice {
  const kind = concern.kind === 'long_overdue' ? 'overdue' : concern.kind
  const said = (advice(reader.locale, reader.label)[kind] as (concern: Concern) => Said)(concern)
  return concern.cause === null
    ? { ...said, path: paths[kind] ?? null }
    : { what: said.what, todo: null, path: null }
}

type Advised = Exclude<keyof Concerns, 'long_overdue'>

const paths: Readonly<Partial<Record<Advised, string>>> = {
  ...{ books_wrong: '/audit', audit_failed: '/audit' },
  ...{ clock_stopped: '/runs', runs_stuck: '/runs', by_hand: '/runs' },
  ...{ overdue: '/runs', falling_behind: '/runs', catching_up: '/runs' },
  ...{ reviews: '/reviews', exceptions: '/exceptions?state=open' },
}

interface Said {
  readonly what: string
  readonly todo: string
}

type AdviceWords = { readonly [Kind in Advised]: (concern: Concerns[Kind]) => Said }

const advice = gatewayCatalog<AdviceWords>({
  en: (gateway) => ({
    books_wrong: ({ counts }) => ({
      what: `The ledger does not agree with the orders: ${countsText(counts, auditWords('en', { en: gateway })).join('; ')}.`,
      todo: `Make no payouts from these balances. The audit lists the orders; compare each with ${gateway} before you change anything.`,
    }),
    database_away: () => ({
      what: `The database does not answer, so nothing is credited. No payment is lost: ${gateway} sends callbacks again, and runs find the rest.`,
      todo: 'Check that the database runs and is reachable at database.url. The log has its error; “budan doctor” tests the connection.',
    }),
    database_faulty: ({ detail }) => ({
      what: `The database cannot be used: ${detail}. No payment is lost: ${gateway} sends callbacks again, and runs find the rest.`,
      todo: 'Repair the database. budan continues by itself as soon as it can write again.',
    }),
    schema: ({ detail }) => ({
      what: `The database’s schema does not fit this program: ${detail}.`,
      todo: 'If it is behind, run “budan migrate”; if it is newer, upgrade this budan.',
    }),
    breaker: ({ detail, triesItself }) => ({
      what: `${gateway} answers no query; ${detail}.`,
      todo: triesItself
        ? '“budan doctor” checks keys, clock and merchant number one by one. Each run tries one order, and continues by itself when the cause is gone.'
        : '“budan doctor” checks keys, clock and merchant number one by one. The next run shows whether the cause is gone.',
    }),
    gateway_useless: ({ detail }) => ({
      what: `Queries to ${gateway} get no usable answer (${detail}).`,
      todo: `“budan doctor” checks keys and network. If both are fine, see ${gateway}’s notices. Orders are queried again, and none is given up; the first usable answer ends this.`,
    }),
    merchants_stopped: merchantsStopped.en,
    clocks_disagree: ({ merchants = [], detail }) => ({
      what: `Clocks disagree${ofMerchants(merchants, 'en')}; ${detail}. Payments are credited all the same.`,
      todo: 'Correct the wrong clock by NTP; “budan doctor” compares all three. Unpaid orders are closed again as soon as the clocks agree.',
    }),
    clock_stopped: () => ({
      what: 'The timer of this process is stopped: no run looks for lost callbacks.',
      todo: 'Restart this process.',
    }),
    runs_stuck: ({ detail }) => ({
      what: `Runs are due, but do not finish: ${withOwnTimes(detail)}.`,
      todo: 'Look for the cause in the last runs and in the log; then restart this process.',
    }),
    overdue: ({ lateMs, isByHand }) => ({
      what: `Queries of orders are ${ageText(lateMs, 'en')} late.`,
      todo: isByHand
        ? 'Runs are started by hand here: start one now.'
        : 'If runs finish, batches are too small: raise compensation_batch_size, or turn compensation_drain on. You can also start a run by hand now.',
    }),
    falling_behind: ({ remaining }) => ({
      what: `${countText(remaining)} orders are due, and the backlog does not shrink.`,
      todo: 'Raise compensation_batch_size, or turn compensation_drain on; compensation_max_qps is the limit of both.',
    }),
    catching_up: ({ remaining, doneInMs }) => ({
      what: `${countText(remaining)} orders are due, more than one batch; they will be done in about ${ageText(doneInMs, 'en')}.`,
      todo: 'Nothing, if that is soon enough. compensation_drain is faster.',
    }),
    reviews: ({ count }) => ({
      what:
        count === 1 ? '1 order waits for review.' : `${countText(count)} orders wait for review.`,
      todo: 'The payment differs from the order, or a refund of an unknown amount was started. The review queue explains each order and what you can do.',
    }),
    exceptions: ({ count, amount }) => ({
      what: `${count === 1 ? '1 exception is' : `${countText(count)} exceptions are`} open besides reviews: money and books differ by up to ${formatFen(amount)}.`,
      todo: 'Look at each: the list says what happened and what you can do.',
    }),
    gateway_failing: ({ failed, total, outcome }) => ({
      what: `${countText(failed)} of this node’s last ${countText(total)} calls to ${gateway} failed; mostly: ${outcomeText(outcome, overviewWords('en', { en: gateway }))}.`,
      todo: `If it lasts, check this machine’s internet connection and ${gateway}’s notices. Orders are queried again; none is given up.`,
    }),
    engine_away: () => ({
      what: 'The queue that the nodes share is not reachable.',
      todo: 'Check that the server at engine.url runs. Until then the nodes do not share backlogs; nothing else depends on it.',
    }),
    orders_unknown: ({ merchants = [], detail }) => ({
      what: `${gateway} knows none of the orders that were queried lately${ofMerchants(merchants, 'en')} (${detail}).`,
      todo: 'Compare the configured merchant number with the merchant console. If it is right, these order numbers were adopted but never placed.',
    }),
    by_hand: () => ({
      what: 'Only runs find lost callbacks; compensation_enabled is off, and nobody has started a run lately.',
      todo: 'Start a run now, or turn compensation_enabled on.',
    }),
    audit_failed: () => ({
      what: 'The audit did not finish.',
      todo: 'Run the audit by hand; the log has the cause.',
    }),
  }),
  zh: (gateway) => ({
    books_wrong: ({ counts }) => ({
      what: `账目不一致：${countsText(counts, auditWords('zh', { en: gateway })).join('，')}。`,
      todo: `先不要依据这份账付款或提现。账目自检会列出这些订单，请逐笔与${gateway}核对后再处理。`,
    }),
    database_away: () => ({
      what: `数据库没有应答，暂时无法入账。付款不会丢：${gateway}会重发回调，其余由补单找回。`,
      todo: '请确认数据库正在运行，并且能按 database.url 连上。错误详见日志，也可用 budan doctor 检查连接。',
    }),
    database_faulty: ({ detail }) => ({
      what: `数据库目前不可用：${translate(detail, 'zh')}。付款不会丢：${gateway}会重发回调，其余由补单找回。`,
      todo: '请在数据库一侧排除故障；恢复写入后 budan 会自行继续。',
    }),
    schema: ({ detail }) => ({
      what: `数据库表结构与本程序不符：${translate(detail, 'zh')}。`,
      todo: '如果版本落后，请运行 budan migrate；如果比程序新，请升级 budan。',
    }),
    breaker: ({ detail, triesItself }) => ({
      what: `${gateway}无法回答我们的查询，${translate(detail, 'zh')}。`,
      todo: triesItself
        ? '用 budan doctor 逐项检查密钥、时钟和商户号。每次运行会试探一次，原因消除后自动恢复。'
        : '用 budan doctor 逐项检查密钥、时钟和商户号。原因是否消除，下一次运行会试探出来。',
    }),
    gateway_useless: ({ detail }) => ({
      what: `向${gateway}查询，得不到有效结果（${translate(detail, 'zh')}）。`,
      todo: `用 budan doctor 检查密钥和网络；都正常时，请查看${gateway}的公告。订单会继续查询，不会放弃；收到第一个有效应答后自动恢复。`,
    }),
    merchants_stopped: merchantsStopped.zh,
    clocks_disagree: ({ merchants = [], detail }) => ({
      what: `时钟不一致${ofMerchants(merchants, 'zh')}：${translate(detail, 'zh')}。已付款的照常入账。`,
      todo: '请用 NTP 校准有误的时钟，budan doctor 会比对三者。一致之后，未付款的订单会照常关单。',
    }),
    clock_stopped: () => ({
      what: '本进程的定时器已停止，没有补单去找回丢失的回调。',
      todo: '请重启本进程。',
    }),
    runs_stuck: ({ detail }) => ({
      what: `补单到期却没有完成：${withOwnTimes(translate(detail, 'zh'))}。`,
      todo: '请查看最近的运行和日志找出原因，然后重启本进程。',
    }),
    overdue: ({ lateMs, isByHand }) => ({
      what: `有订单比应查询的时间晚了 ${ageText(lateMs, 'zh')}还没有查询。`,
      todo: isByHand
        ? '这里的补单由人工发起：请现在运行一次。'
        : '如果运行正常，说明每批太小：请调大 compensation_batch_size，或打开 compensation_drain；也可以现在手动运行一次。',
    }),
    falling_behind: ({ remaining }) => ({
      what: `有 ${countText(remaining)} 笔订单到期待查，而且没有减少。`,
      todo: '请调大 compensation_batch_size，或打开 compensation_drain；两者都受 compensation_max_qps 限制。',
    }),
    catching_up: ({ remaining, doneInMs }) => ({
      what: `有 ${countText(remaining)} 笔订单到期待查，超过一批；预计 ${ageText(doneInMs, 'zh')}后查完。`,
      todo: '如果来得及，无需处理。打开 compensation_drain 会更快。',
    }),
    reviews: ({ count }) => ({
      what: `有 ${countText(count)} 笔订单等待人工处理。`,
      todo: '用户付了款，但与订单不符，或已发起退款、金额未知。打开待处理列表，每笔都有说明和可选的操作。',
    }),
    exceptions: ({ count, amount }) => ({
      what: `除待处理订单外，还有 ${countText(count)} 个异常单未关闭：资金与账目不一致，最多涉及 ${formatFen(amount)}。`,
      todo: '请逐个查看：列表说明了发生了什么、可以怎么办。',
    }),
    gateway_failing: ({ total, failed, outcome }) => ({
      what: `本节点最近 ${countText(total)} 次调用${gateway}，${countText(failed)} 次失败，多为：${outcomeText(outcome, overviewWords('zh', { en: gateway }))}。`,
      todo: `如果持续，请检查本机网络和${gateway}的公告。订单会继续查询，不会放弃。`,
    }),
    engine_away: () => ({
      what: '各节点共用的队列连不上。',
      todo: '请确认 engine.url 的服务正在运行。在此之前各节点不能分摊积压，其他不受影响。',
    }),
    orders_unknown: ({ merchants = [], detail }) => ({
      what: `最近查询的订单${ofMerchants(merchants, 'zh')}，${gateway}一笔也不认识（${translate(detail, 'zh')}）。`,
      todo: `请将配置的商户号与商户平台核对。如果无误，说明这些单号导入后从未在${gateway}下单。`,
    }),
    by_hand: () => ({
      what: '丢失的回调只能靠补单找回，而 compensation_enabled 已关闭，近期也没有人手动运行。',
      todo: '请现在运行一次，或打开 compensation_enabled。',
    }),
    audit_failed: () => ({
      what: '账目自检没有完成。',
      todo: '请手动做一次账目自检，原因详见日志。',
    }),
  }),
})

function countsText(
  counts: Concerns['books_wrong']['counts'],
  { checks }: AuditWords,
): readonly string[] {
  return counts.map(([name, count]) => `${checks[name].title} ${countText(count)}`)
}

function outcomeText(outcome: string, { outcomes }: OverviewWords): string {
  return outcomes[outcome] ?? outcome
}
