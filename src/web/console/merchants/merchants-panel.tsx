import { durationText } from '../../../i18n/durations.ts'
import { catalog } from '../../../i18n/locale.ts'
import { translate } from '../../../i18n/translate.ts'
import { Badge, Table, Time } from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import { isFailure } from '../overview/history/gateway-calls.ts'
import { intervalsAllowed, intervalsBad, latelyMs } from '../overview/verdict.ts'
import type { View } from '../overview/view.ts'
import { ageText, countText, overviewWords } from '../overview/words.ts'
import { commonWords } from '../words.ts'
import { faultOf, latenessMs, type MerchantState, toneOfMerchant } from './merchant-state.ts'

/** With more merchants, those that are well are folded away. */
export const merchantsShown = 10

/** Each of several merchants: those with a fault first. */
export function MerchantsPanel(view: View) {
  const words = panelWords(useLocale())
  const { shown, folded } = sorted(view)
  const { length: total } = view.snapshot.merchants
  const well = view.snapshot.merchants.filter((each) => toneIn(view)(each) === 'good').length
  return (
    <>
      <p>{words.summary(countText(well), countText(total))}</p>
      <MerchantTable {...{ view, merchants: shown, empty: folded.length > 0 ? '' : words.none }} />
    </>
  )
}

/** The others, where there are many. */
export function MoreMerchantsPanel(view: View) {
  return <MerchantTable {...{ view, merchants: sorted(view).folded, empty: '' }} />
}

function toneIn({ policy }: View) {
  return (state: MerchantState) => toneOfMerchant(state, { policy, intervalsAllowed, intervalsBad })
}

function sorted(view: View): Record<'shown' | 'folded', readonly MerchantState[]> {
  const { merchants } = view.snapshot
  const tone = toneIn(view)
  const of = (wanted: 'good' | 'warn' | 'bad') => merchants.filter((each) => tone(each) === wanted)
  const troubled = [...of('bad'), ...of('warn')]
  return merchants.length > merchantsShown
    ? { shown: troubled, folded: of('good') }
    : { shown: [...troubled, ...of('good')], folded: [] }
}

interface MerchantTableProps {
  readonly view: View
  readonly merchants: readonly MerchantState[]
  readonly empty: string
}

function MerchantTable({ view, merchants, empty }: MerchantTableProps) {
  const locale = useLocale()
  const words = panelWords(locale)
  const { stateOf } = overviewWords()
  const tone = toneIn(view)
  return (
    <Table
      {...{ caption: words.title, head: [commonWords().merchant, ...words.head], empty }}
      rows={merchants.map((state) => [
        <a key="name" href={`/orders?merchant=${encodeURIComponent(state.name)}`}>
          {state.name}
        </a>,
        <Badge key="state" tone={tone(state)}>
          {stateOf[tone(state)]}
        </Badge>,
        translate(saidOf(state), locale) || '–',
        <Waiting key="waits" {...{ state, view }} />,
        <BacklogCell key="backlog" {...state.news} />,
        <Quota key="quota" {...{ state, view }} />,
        <LastCall key="call" {...state.news} />,
      ])}
    />
  )
}

/** The fault, or else the warning, or else what is said of queries. */
function saidOf(state: MerchantState): string {
  const { checks } = state
  const warning = checks.find(({ condition }) => condition === 'warning')
  const queries = checks.find(({ name }) => name === 'gateway')
  return (faultOf(state) ?? warning ?? queries)?.detail ?? ''
}

function Waiting({ state, view }: { state: MerchantState; view: View }) {
  const words = overviewWords()
  const locale = useLocale()
  const { waits } = state
  if (waits === null) return <>{words.unknown}</>
  const lateMs = latenessMs(state, view.policy)
  return (
    <>
      {waits.oldestUnaskedMs === null ? words.oldestNone : ageText(waits.oldestUnaskedMs, locale)}
      {lateMs > 0 && `; ${ageText(lateMs, locale)} ${words.late}`}
    </>
  )
}

function BacklogCell({ backlog }: MerchantState['news']) {
  const words = panelWords(useLocale())
  if (backlog === null) return <>–</>
  const count = countText(backlog.remaining)
  return (
    <>
      {backlog.doneInMs === null
        ? words.growing(count)
        : words.shrinking(count, durationText(backlog.doneInMs, useLocale()))}
    </>
  )
}

/** How the gateway took this node's requests: the quota itself is shared by all nodes. */
function Quota({ state, view }: { state: MerchantState; view: View }) {
  const words = panelWords(useLocale())
  const { throttledAt } = state.news
  const isLately = throttledAt !== null && +view.now - +throttledAt < latelyMs
  return isLately ? (
    <>
      {words.throttled} <Time at={throttledAt} />
    </>
  ) : (
    <span>{words.free}</span>
  )
}

function LastCall({ lastCall }: MerchantState['news']) {
  const { outcomes, charted } = overviewWords()
  if (lastCall === null) return <>–</>
  const { at, outcome } = lastCall
  return (
    <>
      {isFailure(outcome) ? (outcomes[outcome] ?? outcome) : charted.answered} <Time at={at} />
    </>
  )
}

export const panelWords = catalog({
  en: {
    title: 'Merchants',
    head: ['State', 'Queries', 'Oldest not queried', 'Backlog', 'Quota', 'Last answer'],
    summary: (well: string, total: string) => `${well} of ${total} merchants are OK.`,
    about: 'Backlog, quota and last answer are as this node has seen them.',
    more: 'Merchants that are OK',
    none: 'There are none.',
    growing: (count: string) => `${count}, does not shrink`,
    shrinking: (count: string, left: string) => `${count}, done in ${left}`,
    throttled: 'too many requests (429)',
    free: 'free',
  },
  zh: {
    title: '商户',
    head: ['状态', '查询', '最久未查询的订单', '积压', '限流', '最近一次应答'],
    summary: (well, total) => `${total} 个商户中，${well} 个正常。`,
    about: '积压、限流和最近一次应答是本节点所见的情况。',
    more: '正常的商户',
    none: '暂无。',
    growing: (count) => `${count} 笔，没有减少`,
    shrinking: (count, left) => `${count} 笔，预计 ${left}后查完`,
    throttled: '请求过多（429）',
    free: '未触发',
  },
})
