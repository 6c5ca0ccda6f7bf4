import { termsOf } from '../../../i18n/terms.ts'
import type { ListedSession, Page as ListPage } from '../../../store/store.ts'
import type { Caller, TokenState } from '../../access/tokens.ts'
import { Page } from '../frame/layout.tsx'
import { ActionForm, Badge, Notice, Pager, Table, Time } from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import { commonWords } from '../words.ts'
import { sessionWords } from './words.ts'

export const sessionsPath = '/sessions'

/** A session with what its token is now. */
export interface SessionRow extends ListedSession {
  readonly state: TokenState
  /** Null: not valid. */
  readonly caller: Caller | null
  /** Of the reader. */
  readonly isOwn: boolean
}

interface SessionsPageProps {
  readonly sessions: ListPage<SessionRow>
  readonly isFirst: boolean
  /** How many were ended just now; null: none was to be. */
  readonly endedCount: number | null
}

export function SessionsPage({ sessions, isFirst, endedCount }: SessionsPageProps) {
  const words = sessionWords(useLocale())
  const title = commonWords().sections.sessions
  const { items, nextCursor } = sessions
  const isOneOfSeveral = ({ tokenName, id }: SessionRow) =>
    nextCursor !== null || items.some((other) => other.tokenName === tokenName && other.id !== id)
  return (
    <Page title={title} section="sessions">
      <h1>{title}</h1>
      {endedCount !== null && (
        <Notice tone={endedCount === 0 ? 'warn' : 'good'}>
          {endedCount === 0 ? words.nothingEnded : words.ended(endedCount)}
        </Notice>
      )}
      <p>{words.about}</p>
      <Table
        caption={title}
        head={Object.values(words.columns)}
        rows={items.map((session) => [
          <>
            <bdi>{session.tokenName}</bdi>{' '}
            {session.isOwn && <Badge tone="plain">{words.own}</Badge>}
          </>,
          <RoleNow key="role" {...session} />,
          session.address ?? '–',
          <Time key="created" at={session.createdAt} />,
          <Time key="expires" at={session.expiresAt} />,
          <EndForm key="end" session={session} hasAll={isOneOfSeveral(session)} />,
        ])}
        empty={words.empty}
      />
      <Pager path={sessionsPath} {...{ isFirst, nextCursor }} />
    </Page>
  )
}

function RoleNow({ state, caller }: SessionRow) {
  const locale = useLocale()
  if (caller === null) return <Badge tone="warn">{sessionWords(locale).states[state]}</Badge>
  const { role, scopes } = caller
  if (role !== null) return <>{termsOf(locale).role[role]}</>
  return <abbr title={[...scopes].join(', ')}>{commonWords().ownRights}</abbr>
}

/** Of two buttons, the one that was pressed says what is meant. */
function EndForm({ session, hasAll }: { session: SessionRow; hasAll: boolean }) {
  const words = sessionWords(useLocale())
  const { id, tokenName } = session
  return (
    <ActionForm action={sessionsPath} class="row">
      <button type="submit" class="small outline" name="id" value={id}>
        {words.end}
      </button>
      {hasAll && (
        <button type="submit" class="small outline" name="token_name" value={tokenName}>
          {words.endAll(tokenName)}
        </button>
      )}
    </ActionForm>
  )
}
