import { durationText } from '../../../i18n/durations.ts'
import { ordersMax } from '../../../store/audited.ts'
import type { AuditedOrder } from '../../../store/proofs/proof-store.ts'
import type { Audit } from '../../../store/store.ts'
import { Page } from '../frame/layout.tsx'
import { Badge, BusyForm, Notice, Time } from '../frame/parts.tsx'
import { useLocale, useMerchants } from '../frame/rendering.ts'
import type { AuditResult, AuditState } from '../latest-audit.ts'
import { addressOf, orderPath } from '../paths.ts'
import { auditWords } from './words.ts'

export function AuditPage({ latest: audit, isUnderWay, hasFailed }: AuditState) {
  const words = auditWords()
  return (
    <Page title={words.title} section="audit">
      <h1>{words.title}</h1>
      <p>{words.lead}</p>
      {hasFailed && <Notice tone="warn">{words.failed}</Notice>}
      {isUnderWay && <Notice tone="plain">{words.underWay}</Notice>}
      {audit === null ? <p>{words.never}</p> : <Summary audit={audit} />}
      <BusyForm id="run-audit" action="/audit" {...words.form} />
      <div class="checks">
        {(Object.keys(words.checks) as (keyof Audit)[]).map((name) => (
          <AuditCheck
            key={name}
            name={name}
            count={audit?.counts[name] ?? null}
            orders={audit?.orders[name] ?? []}
          />
        ))}
      </div>
    </Page>
  )
}

function Summary({ audit }: { audit: AuditResult }) {
  const words = auditWords()
  const isWell = Object.values(audit.counts).every((count) => count === 0)
  return (
    <Notice tone={isWell ? 'good' : 'bad'}>
      <strong>{isWell ? words.allWell : words.notWell}</strong>
      <p>
        {words.asOf[0]}
        <Time at={audit.at} />
        {words.asOf[1](durationText(audit.durationMs, useLocale()))}
      </p>
    </Notice>
  )
}

interface AuditCheckProps {
  readonly name: keyof Audit
  /** Null: not counted yet. */
  readonly count: number | null
  readonly orders: readonly AuditedOrder[]
}

function AuditCheck({ name, count, orders }: AuditCheckProps) {
  const words = auditWords()
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
          <Rows orders={orders} />
        </>
      )}
    </article>
  )
}

/** An order that does not exist any more has no page; its number still helps a search elsewhere. */
function Rows({ orders }: { orders: readonly AuditedOrder[] }) {
  const words = auditWords()
  const merchants = useMerchants()
  if (orders.length === 0) return <p>{words.gone}</p>
  return (
    <>
      <h3>{words.rowsTitle}</h3>
      <ul class="order-numbers">
        {orders.map((order) => (
          <li key={`${order.merchant?.mchid} ${order.orderNo}`}>
            <a href={orderPath(addressOf(merchants, order))} class="code">
              {order.orderNo}
            </a>
          </li>
        ))}
      </ul>
      {orders.length >= ordersMax && <p>{words.rowsMax(ordersMax)}</p>}
    </>
  )
}
