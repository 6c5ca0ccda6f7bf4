import type { Balance, Page as PageOf, StatementEntry } from '../../../store/store.ts'
import type { Faults, Given } from '../forms.ts'
import { type Frame, Page } from '../layout.tsx'
import { Field, Money, Pager, Table, Time } from '../parts.tsx'
import { accountPath, orderPath, ordersOfUserPath } from '../paths.ts'
import { accountWords } from './words.ts'

interface AccountsPageProps {
  readonly frame: Frame
  readonly given?: Given
  readonly faults?: Faults
}

export function AccountsPage({ frame, given = {}, faults = {} }: AccountsPageProps) {
  const words = accountWords(frame.visitor.locale)
  return (
    <Page frame={frame} title={words.title} section="accounts">
      <h1>{words.title}</h1>
      <p>{words.lead}</p>
      <AccountForm {...{ frame, value: given.user_id, fault: faults.user_id }} />
    </Page>
  )
}

function AccountForm(props: {
  frame: Frame
  value?: string | undefined
  fault?: string | undefined
}) {
  const { frame, value, fault } = props
  const words = accountWords(frame.visitor.locale)
  return (
    <search>
      <form method="get" action="/accounts" class="row search">
        <Field
          name="user_id"
          type="search"
          label={words.label}
          hint={words.hint}
          autoComplete="off"
          required
          {...{ value, fault }}
        />
        <button type="submit">{words.open}</button>
      </form>
    </search>
  )
}

export interface AccountPageProps {
  readonly frame: Frame
  readonly balance: Balance
  readonly entries: PageOf<StatementEntry>
  readonly isFirst: boolean
}

export function AccountPage({ frame, balance, entries, isFirst }: AccountPageProps) {
  const { locale } = frame.visitor
  const words = accountWords(locale)
  const { userId } = balance
  const isEmpty = isFirst && entries.items.length === 0
  return (
    <Page frame={frame} title={words.accountOf(userId)} section="accounts">
      <h1>
        <bdi>{words.accountOf(userId)}</bdi>
      </h1>
      <section class="cards">
        <article>
          <h2>{words.balance}</h2>
          <p class="figure">
            <Money fen={balance.balance} /> <small>{balance.currency}</small>
          </p>
          <a href={ordersOfUserPath(userId)}>{words.orders}</a>
        </article>
      </section>
      <h2>{words.statement}</h2>
      {!isEmpty && <p class="muted">{words.newest}</p>}
      <Table
        {...{ caption: words.caption, head: words.head, empty: words.empty }}
        rows={entries.items.map((entry) => [
          <a key="order" href={orderPath(entry.orderNo)} class="code">
            {entry.orderNo}
          </a>,
          <Money key="amount" fen={entry.amount} />,
          <Money key="balance" fen={entry.balance} />,
          <Time key="at" at={entry.at} />,
          <span key="transaction" class="code">
            {entry.transactionId || '–'}
          </span>,
        ])}
      />
      {isEmpty && <p>{words.never}</p>}
      <Pager {...{ path: accountPath(userId), nextCursor: entries.nextCursor, isFirst, locale }} />
      <AccountForm {...{ frame, value: userId }} />
    </Page>
  )
}
