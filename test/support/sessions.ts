import type { Store } from '../../src/store/store.ts'

type SessionStore = Pick<
  Store,
  'openSession' | 'findSession' | 'endSession' | 'listSessions' | 'endSessions'
>

/** Sessions without a database, on the test's own clock, for tests of pages. */
export function memorySessions(now: () => Date): SessionStore {
  const sessions = new Map<string, { tokenName: string; tokenMark: string; expiresAt: Date }>()
  return {
    openSession: async ({ keyHash, tokenName, tokenMark, lifeMs }) => {
      const session = { tokenName, tokenMark, expiresAt: new Date(+now() + lifeMs) }
      sessions.set(keyHash, session)
      return session
    },
    findSession: async (keyHash) => {
      const session = sessions.get(keyHash)
      return session === undefined || session.expiresAt <= now() ? null : session
    },
    endSession: async (keyHash) => {
      const name = sessions.get(keyHash)?.tokenName ?? null
      sessions.delete(keyHash)
      return name
    },
    // Lists are tested with a database.
    listSessions: async () => ({ items: [], nextCursor: null }),
    endSessions: async () => [],
  }
}
