import type { Balance, Page as PageOf, StatementEntry } from '../../../store/store.ts'
import type { Faults, Given } from '../frame/forms.ts'
import { Page } from '../frame/layout.tsx'
import { Money, Pager, SearchForm, Table, Time } from '../frame/parts.tsx'
import { useMerchants } from '../frame/rendering.ts'
import { accountPath, addressOf, orderPath, ordersOfUserPath } from '../paths.ts'
import { accountWords } from './words.ts'

export function AccountsPage({ given = {}, faults = {} }: { given?: Given; faults?: Faults }) {
  const words = accountWords()
  return (
    <Page title={words.title} section="accounts">
      <h1>{words.title}</h1>
      <p>{words.lead}</p>
      <AccountForm value={given.user_id} fault={faults.user_id} />
    </Page>
  )
}

function AccountForm(input: { value?: string | undefined; fault?: string | undefined }) {
  const { label, hint, open } = accountWords()
  const form = { action: '/accounts', name: 'user_id', button: open, label, hint }
  return <SearchForm {...form} {...input} required />
}

export interface AccountPageProps {
  readonly balance: Balance
  readonly entries: PageOf<StatementEntry>
  readonly isFirst: boolean
}

export function AccountPage({ balance, entries, isFirst }: AccountPageProps) {
  const words = accountWords()
  const merchants = useMerchants()
  const { userId } = balance
  const isEmpty = isFirst && entries.items.length === 0
  return (
    <Page title={words.accountOf(userId)} section="accounts">
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
          <a key="order" href={orderPath(addressOf(merchants, entry))} class="code">
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
      <Pager path={accountPath(userId)} nextCursor={entries.nextCursor} isFirst={isFirst} />
      <AccountForm value={userId} />
    </Page>
  )
}
