import { durationText } from '../../../i18n/durations.ts'
import type { Locale } from '../../../i18n/locale.ts'
import type { Audit } from '../../../store/store.ts'
import { inPlace } from '../in-place.ts'
import type { AuditResult } from '../latest-audit.ts'
import { type Frame, Page } from '../layout.tsx'
import { Badge, Notice, Time } from '../parts.tsx'
import { orderPath } from '../paths.ts'
import { type FoundRows, rowsMax } from './found-rows.ts'
import { auditWords } from './words.ts'

export interface AuditPageProps {
  readonly frame: Frame
  /** Null: there is none yet. */
  readonly audit: AuditResult | null
  readonly rows: FoundRows
  readonly isUnderWay: boolean
  readonly hasFailed: boolean
}

export function AuditPage({ frame, audit, rows, isUnderWay, hasFailed }: AuditPageProps) {
  const { locale } = frame.visitor
  const words = auditWords(locale)
  return (
    <Page frame={frame} title={words.title} section="audit">
      <h1>{words.title}</h1>
      <p>{words.lead}</p>
      {hasFailed && <Notice tone="warn">{words.failed}</Notice>}
      {isUnderWay && <Notice tone="plain">{words.underWay}</Notice>}
      {audit === null ? <p>{words.never}</p> : <Summary {...{ audit, locale }} />}
      <RunForm {...{ frame }} />
      <div class="checks">
        {(Object.keys(words.checks) as (keyof Audit)[]).map((name) => (
          <AuditCheck
            key={name}
            {...{ name, locale }}
            count={audit?.counts[name] ?? null}
            orderNos={rows[name] ?? []}
          />
        ))}
      </div>
    </Page>
  )
}

function Summary({ audit, locale }: { audit: AuditResult; locale: Locale }) {
  const words = auditWords(locale)
  const isWell = Object.values(audit.counts).every((count) => count === 0)
  return (
    <Notice tone={isWell ? 'good' : 'bad'}>
      <strong>{isWell ? words.allWell : words.notWell}</strong>
      <p>
        {words.asOf[0]}
        <Time at={audit.at} />
        {words.asOf[1](durationText(audit.durationMs, locale))}
      </p>
    </Notice>
  )
}

/** With scripts, the page is updated in place, and the button is disabled meanwhile. */
function RunForm({ frame }: { frame: Frame }) {
  const words = auditWords(frame.visitor.locale)
  return (
    <form method="post" action="/audit" class="row busy" {...inPlace('/audit')}>
      <input type="hidden" name="_csrf" value={frame.csrf} />
      <button type="submit" aria-describedby="audit-hint">
        {words.run}
      </button>
      <span class="under-way" aria-busy="true">
        {words.running}
      </span>
      <small id="audit-hint" class="muted">
        {words.runHint}
      </small>
    </form>
  )
}

interface AuditCheckProps {
  readonly name: keyof Audit
  /** Null: not counted yet. */
  readonly count: number | null
  readonly orderNos: readonly string[]
  readonly locale: Locale
}

function AuditCheck({ name, count, orderNos, locale }: AuditCheckProps) {
  const words = auditWords(locale)
  const { title, meaning, advice } = words.checks[name]
  const isWrong = count !== null && count > 0
  return (
    <article aria-labelledby={name} {...(isWrong && { class: 'bad' })}>
      <h2 id={name}>
        {title} {count !== null && <Badge tone={isWrong ? 'bad' : 'good'}>{count}</Badge>}
      </h2>
      <p>
        {meaning} <span class="code muted">{name}</span>
      </p>
      {isWrong && (
        <>
          <p>
            <strong>{words.advice}:</strong> {advice}
          </p>
          <Rows {...{ orderNos, locale }} />
        </>
      )}
    </article>
  )
}

/** An order that does not exist any more has no page; its number still helps a search elsewhere. */
function Rows({ orderNos, locale }: { orderNos: readonly string[]; locale: Locale }) {
  const words = auditWords(locale)
  if (orderNos.length === 0) return <p>{words.gone}</p>
  return (
    <>
      <h3>{words.rowsTitle}</h3>
      <ul class="order-numbers">
        {orderNos.map((orderNo) => (
          <li key={orderNo}>
            <a href={orderPath(orderNo)} class="code">
              {orderNo}
            </a>
          </li>
        ))}
      </ul>
      {orderNos.length >= rowsMax && <p>{words.rowsMax(rowsMax)}</p>}
    </>
  )
}
