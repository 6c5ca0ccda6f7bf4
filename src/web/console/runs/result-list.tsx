import { merchantName } from '../../../domain/merchant.ts'
import {
  countResults,
  type Outcome,
  outcomes,
  type Run,
  type RunResult,
} from '../../../domain/runs/run.ts'
import { durationText } from '../../../i18n/durations.ts'
import { storedReasonText } from '../../../i18n/reasons.ts'
import { termsOf } from '../../../i18n/terms.ts'
import { Badge, Filters, Table, type Tone } from '../frame/parts.tsx'
import { useLocale, useMerchants } from '../frame/rendering.ts'
import { MerchantFilter } from '../merchants/merchant-filter.tsx'
import { addressOf, orderPath, withQuery } from '../paths.ts'
import { commonWords } from '../words.ts'
import { runWords } from './words.ts'

export interface Wanted {
  /** Null: all. */
  readonly outcome: Outcome | null
  /** The merchant whose orders are shown; undefined: all. */
  readonly merchant: string | undefined
  /** From 1. */
  readonly page: number
}

/** A batch may have ten thousand orders, too many for one page. */
const pageSize = 200

const tones: Readonly<Record<Outcome, Tone>> = {
  credited: 'good',
  waiting: 'plain',
  expired: 'plain',
  review: 'warn',
  kept: 'plain',
  unknown: 'warn',
  error: 'bad',
}

interface ResultListProps {
  readonly id: string
  readonly run: Run
  readonly results: readonly RunResult[]
  readonly wanted: Wanted
}

/** The outcome of each order, or what it would be, and why. */
export function ResultList(props: ResultListProps) {
  const { id, run, wanted } = props
  const locale = useLocale()
  const merchants = useMerchants()
  const words = runWords()
  const { resultColumns } = words
  const nameOf = run.dryRun ? words.wouldBe : termsOf(locale).outcome
  const isOfSeveral = merchants.length > 1
  const whose = ({ merchant }: RunResult) => merchant && merchantName(merchants, merchant)
  const results = props.results.filter(
    (result) => wanted.merchant === undefined || whose(result) === wanted.merchant,
  )
  const chosen = results.filter(
    ({ outcome }) => wanted.outcome === null || outcome === wanted.outcome,
  )
  const from = (wanted.page - 1) * pageSize
  if (props.results.length === 0) return null
  return (
    <>
      <h2>{words.results}</h2>
      <MerchantFilter
        action={pathOf(id, { outcome: null, merchant: undefined, page: 1 })}
        chosen={wanted.merchant}
        kept={{ outcome: wanted.outcome ?? undefined }}
      />
      <Filter {...{ ...props, results }} />
      <Table
        caption={words.results}
        head={[
          resultColumns.order,
          ...(isOfSeveral ? [commonWords().merchant] : []),
          run.dryRun ? resultColumns.would : resultColumns.outcome,
          resultColumns.trade,
          resultColumns.reason,
          resultColumns.duration,
        ]}
        rows={chosen.slice(from, from + pageSize).map((result) => [
          <a key="order" href={orderPath(addressOf(merchants, result))}>
            {result.orderNo}
          </a>,
          ...(isOfSeveral ? [whose(result) ?? '–'] : []),
          <Badge key="outcome" tone={tones[result.outcome]}>
            {isClosing(run, result) ? words.wouldClose : nameOf[result.outcome]}
          </Badge>,
          result.tradeState ?? '–',
          storedReasonText(result, locale),
          <span key="duration" class="nowrap">
            {durationText(result.durationMs, locale)}
          </span>,
        ])}
        empty={words.noResults}
      />
      <Pages {...props} count={chosen.length} />
    </>
  )
}

/** A dry run closes nothing, so it does not know what would be decided after the close. */
function isClosing({ dryRun }: Run, { codedReason }: RunResult): boolean {
  return dryRun && codedReason?.code === 'unpaid_past_end'
}

function pathOf(id: string, { outcome, merchant, page }: Wanted): string {
  const query = { outcome: outcome ?? undefined, merchant }
  const nth = page > 1 ? String(page) : undefined
  return withQuery(`/runs/${encodeURIComponent(id)}`, { ...query, page: nth })
}

/** Where all orders have the same outcome, there is no filter. */
function Filter({ id, run, results, wanted }: ResultListProps) {
  const words = runWords()
  const nameOf = run.dryRun ? words.wouldBe : termsOf(useLocale()).outcome
  const { outcomes: counts } = countResults(results)
  const occurring = outcomes.filter((outcome) => counts[outcome] > 0)
  if (occurring.length < 2) return null
  const textOf = (outcome: Outcome | null) =>
    outcome === null ? words.all(results.length) : words.count(nameOf[outcome], counts[outcome])
  const choices = [null, ...occurring].map((outcome) => ({
    text: textOf(outcome),
    href: pathOf(id, { ...wanted, outcome, page: 1 }),
    isCurrent: outcome === wanted.outcome,
  }))
  return <Filters label={words.filter} choices={choices} />
}

function Pages({ id, wanted, count }: ResultListProps & { readonly count: number }) {
  const words = runWords()
  const last = Math.ceil(count / pageSize)
  if (last < 2) return null
  const { page } = wanted
  const from = (page - 1) * pageSize
  return (
    <nav class="pager" aria-label={words.pages}>
      {page > 1 && (
        <a rel="prev" href={pathOf(id, { ...wanted, page: page - 1 })}>
          {words.earlier}
        </a>
      )}
      <span>{words.range(from + 1, Math.min(from + pageSize, count), count)}</span>
      {page < last && (
        <a rel="next" href={pathOf(id, { ...wanted, page: page + 1 })}>
          {words.later}
        </a>
      )}
    </nav>
  )
}
