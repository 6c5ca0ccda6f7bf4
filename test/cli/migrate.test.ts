import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../src/cli/main.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { openDatabase } from '../../src/store/open.ts'
import { migrateToLatest } from '../../src/store/schema/migrate.ts'
import { closeStores } from '../support/open-stores.ts'
import { emptyPostgresUrl } from '../support/stores.ts'
import { runInProcess } from './budan.ts'

afterAll(closeStores)

const names = Object.keys(migrations).sort()

/** Between them a slow machine prints progress. */
const isTitle = (line: string) => !line.startsWith('  ')

describe('budan migrate', () => {
  test('prints each migration as it begins, with its position among all', async () => {
    // Another database has the same migrations, and flow.test.ts makes an embedded one.
    const env = { DATABASE_URL: await emptyPostgresUrl() }
    const { code, stdout, stderr } = await runInProcess(['migrate'], env)
    expect(code).toBe(0)
    expect(stderr.trimEnd().split('\n').filter(isTitle)).toEqual(
      names.map((name, at) => `Applying ${name} (${at + 1} of ${names.length})`),
    )
    expect(stdout.trimEnd().split('\n')).toEqual(names.map((name) => `applied ${name}`))
    const again = await runInProcess(['migrate', '--json'], env)
    expect(again).toEqual({ code: 0, stdout: '{"applied":[],"held":[]}\n', stderr: '' })
  })

  test('says once that it waits for tables in use, and goes on when they are free', async () => {
    const url = await emptyPostgresUrl()
    const database = await openDatabase(url, {})
    const before = Object.entries(migrations).filter(([name]) => name < '005')
    await migrateToLatest(database.patientDb, Object.fromEntries(before))
    await database.close()
    const holder = new pg.Client(url)
    await holder.connect()
    await holder.query('begin; lock table orders in row exclusive mode')

    const lines: string[] = []
    const waits = '005_reviews waits until its tables are free, and is applied then\n'
    const code = await runCommand(['migrate', '--json'], {
      ...{ env: { DATABASE_URL: url }, isInteractive: false, hasColor: false },
      out: () => {},
      err: (text) => {
        lines.push(text)
        if (text === waits) void holder.query('commit')
      },
      stopRequested: () => new Promise(() => {}),
    })
    await holder.end()
    expect(code).toBe(0)
    const missing = names.filter((name) => name >= '005')
    expect(lines.filter(isTitle)).toEqual([
      `Applying 005_reviews (1 of ${missing.length})\n`,
      waits,
      ...missing.slice(1).map((name, at) => `Applying ${name} (${at + 2} of ${missing.length})\n`),
    ])
  })
})
