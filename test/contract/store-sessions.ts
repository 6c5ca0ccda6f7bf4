import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import type { NewSession } from '../../src/store/store.ts'
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

    it('openSession() refuses a key that is there already', async () => {
      const { store } = await open()
      await store.openSession(session('a'))
      await expect(store.openSession(session('a', { tokenName: 'x' }))).rejects.toThrow('a session')
      expect((await store.findSession('a'))?.tokenName).toBe('api_token')
    })
  })
}
