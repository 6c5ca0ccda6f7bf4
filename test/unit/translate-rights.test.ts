import { describe, expect, it } from 'vitest'
import { examineRights } from '../../src/cli/doctor/rights.ts'
import { translate, translatePart } from '../../src/i18n/translate.ts'
import { GrantError, MigrationRightsError } from '../../src/store/errors.ts'
import type { HeldRights } from '../../src/store/schema/held.ts'
import { expectChinese } from './chinese.ts'

const granted: HeldRights = { user: '1', standing: 'granted', excess: [], lacking: [] }

describe('what doctor says of rights', () => {
  it.each<[string, HeldRights]>([
    ['warn', { ...granted, standing: 'superuser' }],
    ['warn', { ...granted, standing: 'owner' }],
    ['warn', { ...granted, excess: ['DELETE on transfers', 'CREATEROLE'] }],
    ['fail', { ...granted, lacking: ['SELECT on runs'], excess: ['TRUNCATE on runs'] }],
    ['ok', granted],
  ])('is a %s with Chinese words: %j', async (status, held) => {
    const [finding, ...others] = await examineRights({ rights: async () => held })
    expect(finding).toMatchObject({ status })
    expect(others).toEqual([])
    if (finding === undefined) return
    // The names of rights and tables stay.
    expect(translate(finding.detail, 'zh')).toMatch(/^用户/)
    if (finding.next !== null) expectChinese(finding.next)
    expect(translatePart(finding.name, { set: 'place', locale: 'zh' })).toBe('数据库权限')
  })

  it('is nothing of an embedded database', async () => {
    expect(await examineRights({ rights: async () => null })).toEqual([])
  })
})

describe('refusals to grant and to migrate', () => {
  it.each([
    ['that is no name of a role: letters, digits, and _ $ . @ - behind the first', null],
    ['there is no such role', 'create it: CREATE ROLE "1" LOGIN'],
    ['no grant limits a superuser', null],
    [
      "it owns budan's tables, their schema or the database, or is a member of who does",
      'name a role that owns none of them',
    ],
    ["this user does not own budan's tables", 'run this as their owner'],
    ['this user does not own the schema "2"', 'let its owner run GRANT USAGE ON SCHEMA "2" TO "1"'],
    ['an embedded database has no roles', null],
  ])('have Chinese words: %s', (what, remedy) => {
    expectChinese(new GrantError('1', { what, remedy }).message)
  })

  it.each(['1 migration', '2 migrations'])('have Chinese words: behind by %s', (count) => {
    const what = `The database is behind by ${count}, and its user "1" may not migrate it`
    for (const remedy of [
      "run `budan migrate` as the owner of budan's tables",
      'run `budan migrate` as a user who may, or let its owner run GRANT USAGE, CREATE ON SCHEMA … TO this user',
    ]) {
      expectChinese(new MigrationRightsError(what, { remedy }).message)
    }
    expectChinese(what)
  })
})
