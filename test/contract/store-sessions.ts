import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { CursorError } from '../../src/store/errors.ts'
import type { ListedSession, NewSession } from '../../src/store/store.ts'
import type { MakeSubject } from './store-fixtures.ts'

const hourMs = 3_600_000

const session = (keyHash: string, changes: Partial<NewSession> = {}): NewSession => ({
  keyHash,
  tokenName: 'api_token',
  tokenMark: `mark of ${keyHash}`,
  address: '203.0.113.7',
  lifeMs: 12 * hourMs,
  ...changes,
})

/** Who is logged in to the console. */
export function sessionsContract(make: MakeSubject): void {
  describe('sessions', () => {
    const startAt = new Date('2026-01-24T07:00:00Z')
    const open = async () => {
      const clock = { now: startAt }
      const { store, database } = await make({ clock: () => clock.now })
      const passHours = (hours: number) => {
        clock.now = new Date(+clock.now + hours * hourMs)
      }
      return { store, database, passHours }
    }

    it('openSession() is found by its key until its end, by the clock of the database', async () => {
      const { store, passHours } = await open()
      const expected = {
        tokenName: 'api_token',
        tokenMark: 'mark of a',
        expiresAt: new Date(+startAt + 12 * hourMs),
      }
      expect(await store.openSession(session('a'))).toEqual(expected)
      passHours(11.99)
      expect(await store.findSession('a')).toEqual(expected)
      passHours(0.01)
      expect(await store.findSession('a')).toBeNull()
    })

    it('findSession() finds nothing by another key', async () => {
      const { store } = await open()
      await store.openSession(session('a'))
      for (const other of ['', 'A', 'b', 'mark of a']) {
        expect(await store.findSession(other), other).toBeNull()
      }
    })

    it('endSession() ends that one, once, and says whose it was', async () => {
      const { store } = await open()
      await store.openSession(session('a', { tokenName: 'wang.li' }))
      await store.openSession(session('b'))
      expect(await store.endSession('a')).toBe('wang.li')
      expect(await store.endSession('a')).toBeNull()
      expect(await store.findSession('a')).toBeNull()
      expect(await store.findSession('b')).not.toBeNull()
    })

    it('openSession() removes those that are over, and keeps the others', async () => {
      const { store, database, passHours } = await open()
      await store.openSession(session('short', { lifeMs: hourMs }))
      await store.openSession(session('long'))
      passHours(1)
      await store.openSession(session('new', { address: null }))
      const kept = sql<{ key_hash: string }>`select key_hash from console_sessions order by 1`
      const { rows } = await kept.execute(database.db)
      expect(rows.map(({ key_hash }) => key_hash)).toEqual(['long', 'new'])
    })

    it('listSessions() has those that hold, newest first, page by page, and nothing that opens one', async () => {
      const { store, passHours } = await open()
      const hashes = [...'abcdef'].map((letter) => letter.repeat(64))
      await store.openSession(session('0'.repeat(64), { lifeMs: hourMs }))
      for (const [at, hash] of hashes.entries()) {
        if (at % 2 === 0) passHours(1)
        await store.openSession(session(hash, { tokenName: `name-${at}`, address: null }))
      }
      const pages: (readonly ListedSession[])[] = []
      let cursor: string | null = null
      do {
        const page = await store.listSessions({ limit: 2, cursor })
        pages.push(page.items)
        cursor = page.nextCursor
      } while (cursor !== null)
      expect(pages.map(({ length }) => length)).toEqual([2, 2, 2])
      const all = pages.flat()
      expect(all.map(({ tokenName }) => tokenName)).toEqual(
        [5, 4, 3, 2, 1, 0].map((at) => `name-${at}`),
      )
      expect(all[0]).toEqual({
        ...{ id: 'f'.repeat(32), tokenName: 'name-5', address: null },
        createdAt: new Date(+startAt + 3 * hourMs),
        expiresAt: new Date(+startAt + 15 * hourMs),
      })
      for (const { id } of all) expect(await store.findSession(id)).toBeNull()
    })

    it('listSessions() refuses the cursor of another list', async () => {
      const { store } = await open()
      const cursor = Buffer.from(JSON.stringify(['runs', null, '7'])).toString('base64url')
      await expect(store.listSessions({ limit: 2, cursor })).rejects.toThrow(CursorError)
    })

    it('endSessions() ends one by its id, and all of a token, and says which', async () => {
      const { store } = await open()
      for (const [hash, tokenName] of [
        ['a'.repeat(64), 'wang.li'],
        ['b'.repeat(64), 'wang.li'],
        ['c'.repeat(64), 'wang.li'],
        ['d'.repeat(64), 'chen.yu'],
      ] as const) {
        await store.openSession(session(hash, { tokenName }))
      }
      const idsOf = (ended: readonly ListedSession[]) => ended.map(({ id }) => id[0]).sort()
      expect(idsOf(await store.endSessions({ id: 'a'.repeat(32) }))).toEqual(['a'])
      expect(await store.findSession('a'.repeat(64))).toBeNull()
      for (const id of ['a'.repeat(32), 'b'.repeat(31), 'b'.repeat(64), '', '%']) {
        expect(await store.endSessions({ id }), id).toEqual([])
      }
      expect(idsOf(await store.endSessions({ tokenName: 'wang.li' }))).toEqual(['b', 'c'])
      expect(await store.endSessions({ tokenName: 'wang' })).toEqual([])
      expect(await store.findSession('d'.repeat(64))).not.toBeNull()
    })

    it('openSession() refuses a key that is there already', async () => {
      const { store } = await open()
      await store.openSession(session('a'))
      await expect(store.openSession(session('a', { tokenName: 'x' }))).rejects.toThrow('a session')
      expect((await store.findSession('a'))?.tokenName).toBe('api_token')
    })
  })
}
