import type { ComponentChildren } from 'preact'
import { type Fen, formatAmount } from '../../../domain/money.ts'
import type { OrderStatus } from '../../../domain/order-states.ts'
import type { Evidence } from '../../../domain/trade.ts'
import { termsOf } from '../../../i18n/terms.ts'
import { shanghaiTime } from '../../../text/shanghai-time.ts'
import { withQuery } from '../paths.ts'
import { commonWords } from '../words.ts'
import { inPlace } from './in-place.ts'
import { useFrame, useLocale } from './rendering.ts'

/** How good or bad something is. Its text says it too, not only its colour. */
export type Tone = 'good' | 'bad' | 'warn' | 'plain'

const marks: Readonly<Record<Tone, string>> = { good: '✓', bad: '✗', warn: '!', plain: '' }

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      {marks[tone] !== '' && <span aria-hidden="true">{marks[tone]} </span>}
      {children}
    </span>
  )
}

const statusTones: Readonly<Record<OrderStatus, Tone>> = {
  pending: 'plain',
  paid: 'good',
  expired: 'plain',
  review: 'warn',
}

export function StatusBadge({ status }: { status: OrderStatus }) {
  return <Badge tone={statusTones[status]}>{termsOf(useLocale()).status[status]}</Badge>
}

/** In UTC+8, the gateway's time, which has no daylight saving; for programs in UTC. */
export function Time({ at }: { at: Date | null }) {
  if (at === null) return <>–</>
  return <time dateTime={at.toISOString()}>{timeText(at)}</time>
}

export function timeText(at: Date): string {
  return shanghaiTime(at).slice(0, 19).replace('T', ' ')
}

/** In yuan, unless it is of another currency. */
export function Money({ fen, currency = null }: { fen: Fen; currency?: string | null }) {
  return <span class="money">{formatAmount(fen, currency)}</span>
}

/** Names and values. */
export function Facts({ pairs }: { pairs: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? '–'}</dd>
        </div>
      ))}
    </dl>
  )
}

export interface TableProps {
  /** For screen readers. */
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly ComponentChildren[])[]
  /** Shown instead of a table without rows. */
  readonly empty: string
}

/** The first cell of a row is its header. On a narrow screen the table scrolls, also by keyboard. */
export function Table({ caption, head, rows, empty }: TableProps) {
  if (rows.length === 0) return <p>{empty}</p>
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is of a form
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <div class="scroll" role="group" aria-label={caption} tabIndex={0}>
      <table aria-label={caption}>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, place) =>
                place === 0 ? (
                  <th key={place} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={place}>{cell}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function EvidenceDetails({ summary, evidence }: { summary: string; evidence: Evidence }) {
  return (
    <details>
      <summary>{summary}</summary>
      <pre class="raw">{JSON.stringify(evidence, null, 2)}</pre>
    </details>
  )
}

/** The result of an action. Screen readers read it at once. */
export function Notice({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  )
}

/** Links to the other pages of a list. `path` has no cursor in its query. */
export function Pager(props: { path: string; nextCursor: string | null; isFirst: boolean }) {
  const { path, nextCursor, isFirst } = props
  const words = commonWords()
  if (isFirst && nextCursor === null) return null
  return (
    <nav class="pager" aria-label={words.pages}>
      {!isFirst && <a href={path}>{words.first}</a>}
      {nextCursor !== null && (
        <a href={withQuery(path, { cursor: nextCursor })} rel="next">
          {words.next}
        </a>
      )}
    </nav>
  )
}

export interface FieldProps {
  readonly name: string
  readonly label: string
  readonly value?: string | undefined
  /** What is wrong with the value. */
  readonly fault?: string | undefined
  readonly hint?: string
  readonly type?: 'text' | 'search' | 'password'
  readonly required?: boolean
  readonly maxLength?: number
  readonly autoComplete?: string
}

/** A labelled input, with the fault of its value beside it. */
export function Field({ name, label, fault, hint, type = 'text', ...input }: FieldProps) {
  const noteId = `${name}-note`
  const note = fault ?? hint
  return (
    <label>
      {label}
      <input
        {...{ name, type, ...input }}
        {...(fault !== undefined && { 'aria-invalid': 'true' as const })}
        {...(note !== undefined && { 'aria-describedby': noteId })}
      />
      {note !== undefined && <small id={noteId}>{note}</small>}
    </label>
  )
}

/** A form that only reads: a link in the browser's history. */
export function SearchForm({ action, button, ...field }: SearchProps) {
  return (
    <search>
      <form method="get" action={action} class="row search">
        <Field type="search" autoComplete="off" {...field} />
        <button type="submit">{button}</button>
      </form>
    </search>
  )
}

type SearchProps = FieldProps & { readonly action: string; readonly button: string }

interface SelectFilterProps {
  readonly action: string
  readonly name: string
  readonly label: string
  readonly options: readonly (readonly [value: string, text: string])[]
  /** Undefined: all are shown. */
  readonly chosen: string | undefined
  readonly words: { readonly all: string; readonly show: string }
  /** What the list is restricted to otherwise. */
  readonly kept: Readonly<Record<string, string | undefined>>
}

/** Restricts a list to one of several values: a list to choose from, for they may be many. */
export function SelectFilter({ action, name, kept, words, ...props }: SelectFilterProps) {
  return (
    <form method="get" action={action} class="row">
      {Object.entries(kept).map(
        ([each, value]) =>
          value !== undefined && <input key={each} type="hidden" name={each} value={value} />,
      )}
      <label>
        {props.label}
        <select name={name}>
          <option value="">{words.all}</option>
          {props.options.map(([value, text]) => (
            <option key={value} value={value} selected={value === props.chosen}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="outline">
        {words.show}
      </button>
    </form>
  )
}

/** Shown only to those who may send the form of that path. */
export function Offered({ action, children }: { action: string; children: ComponentChildren }) {
  return useFrame().may('POST', action) ? children : null
}

/**
 * A form that changes something: always sent by POST, with the CSRF token. Nothing, for those who may not
 * send it.
 */
export function ActionForm(form: { action: string; class?: string; children: ComponentChildren }) {
  const { children, ...attributes } = form
  const { csrf, may } = useFrame()
  if (!may('POST', form.action)) return null
  return (
    <form method="post" {...attributes}>
      <input type="hidden" name="_csrf" value={csrf} />
      {children}
    </form>
  )
}

/** A form of one button, for what takes a while: it says so meanwhile. */
export function BusyForm(form: {
  id: string
  action: string
  button: string
  underWay: string
  hint: string
}) {
  const hintId = `${form.id}-hint`
  return (
    <ActionForm action={form.action} class="row busy" {...inPlace(form.action)}>
      <button id={form.id} type="submit" aria-describedby={hintId}>
        {form.button}
      </button>
      <UnderWay>{form.underWay}</UnderWay>
      <small id={hintId} class="muted">
        {form.hint}
      </small>
    </ActionForm>
  )
}

/** Shown while the form around it is being answered. */
export function UnderWay({ children }: { children: string }) {
  return (
    <span class="under-way" aria-busy="true">
      {children}
    </span>
  )
}

export interface Choice {
  readonly text: string
  readonly href: string
  readonly isCurrent: boolean
}

/** Links to what a list can show instead. */
export function Filters({ label, choices }: { label: string; choices: readonly Choice[] }) {
  return (
    <nav class="filters" aria-label={label}>
      {choices.map(({ text, href, isCurrent }) => (
        <a key={text} href={href} {...(isCurrent && { 'aria-current': 'true' as const })}>
          {text}
        </a>
      ))}
    </nav>
  )
}
