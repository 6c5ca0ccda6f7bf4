import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadConfig, merchantPlaces, secretFiles } from '../../src/config/load.ts'
import { openStore } from '../../src/store/open.ts'
import { faultsOf, openWorkspace, privatePem } from './workspace.ts'

// A configuration in one folder, budan started in another: `conf` and `elsewhere` below.

const space = openWorkspace()
const start = process.cwd()
let root: string
let conf: string
let elsewhere: string

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'budan-paths-')))
  conf = join(root, 'conf')
  elsewhere = join(root, 'elsewhere')
  for (const folder of [conf, elsewhere]) mkdirSync(folder)
  writeFileSync(join(conf, 'key.pem'), privatePem(space.merchant.privateKey))
  process.chdir(elsewhere)
})
afterEach(() => {
  process.chdir(start)
  rmSync(root, { recursive: true })
})
afterAll(() => space.remove())

function write(changes: Parameters<typeof space.yaml>[0], name = 'budan.yaml'): string {
  const file = join(conf, name)
  writeFileSync(file, space.yaml({ wechat: { private_key_path: './key.pem' }, ...changes }))
  return file
}

const urlOf = (file: string | null, env: NodeJS.ProcessEnv = {}) =>
  loadConfig({ file, env, need: 'database' }).database.url

/** What an embedded database is known by. */
function makeDatabase(directory: string): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'PG_VERSION'), '17\n')
}

describe('a path in a configuration file', () => {
  test('is relative to that file, from whatever directory budan is started', () => {
    const file = write({ database: { url: 'pglite:./books' } })
    for (const named of [file, '../conf/budan.yaml', '../conf/../conf/budan.yaml']) {
      const config = loadConfig({ file: named, env: {}, need: 'gateway' })
      expect(config.database.url).toBe(`pglite:${join(conf, 'books')}`)
      expect(config.merchants[0]?.privateKey.equals(space.merchant.privateKey)).toBe(true)
    }
    expect(merchantPlaces({ file, env: {} })).toEqual([
      { section: 'wechat', privateKeyPath: join(conf, 'key.pem') },
    ])
    expect(secretFiles({ file, env: {} })).toEqual([file, join(conf, 'key.pem')])
  })

  test('is not named, and the default of the database is beside the file all the same', () => {
    expect(urlOf(write({}))).toBe(`pglite:${join(conf, 'data')}`)
  })

  test('belongs to the link by which the file was named', () => {
    symlinkSync(write({}), join(elsewhere, 'linked.yaml'))
    process.chdir(root)
    expect(urlOf('elsewhere/linked.yaml')).toBe(`pglite:${join(elsewhere, 'data')}`)
  })

  test('stays as it is where it is whole, in memory, or of a server', () => {
    const urls = [`pglite:${join(root, 'x')}`, 'pglite:memory', 'postgres://u:p@db/budan']
    for (const url of urls) expect(urlOf(write({ database: { url } }))).toBe(url)
  })

  test.each(['database', 'engine'] as const)(
    'is relative to it also in the address of %s, for certificates and their key',
    (section) => {
      const url =
        'postgres://u:p@db/budan?sslmode=verify-full&sslrootcert=./ca%20of%20db.pem&sslcert=c.pem&sslkey=/k.pem'
      const file = write({ [section]: { url: `"${url}"` } })
      const config = loadConfig({ file, env: {}, need: 'database' })
      expect(config[section].url).toBe(
        `postgres://u:p@db/budan?sslmode=verify-full&sslrootcert=${conf}/ca%20of%20db.pem&sslcert=${conf}/c.pem&sslkey=/k.pem`,
      )
      const system = 'postgres://db/budan?sslmode=verify-full&sslrootcert=system'
      expect(urlOf(write({ database: { url: `"${system}"` } }))).toBe(system)
      const fromEnvironment = 'postgres://db/budan?sslrootcert=ca.pem'
      expect(urlOf(file, { DATABASE_URL: fromEnvironment })).toBe(fromEnvironment)
    },
  )

  test('stays as it was written where the file is in the working directory', () => {
    write({ database: { url: 'pglite:books' } })
    process.chdir(conf)
    expect(urlOf(null)).toBe('pglite:books')
    expect(urlOf('./budan.yaml')).toBe('pglite:books')
  })

  test('is reported with the path that was opened', () => {
    const file = write({ wechat: { private_key_path: 'gone.pem' } })
    expect(faultsOf(() => loadConfig({ file, env: {}, need: 'gateway' }))).toEqual([
      `wechat.private_key_path: Cannot read private key "${join(conf, 'gone.pem')}": no such file`,
    ])
  })
})

test('a path in the environment, or without any file, is relative to the working directory', () => {
  const file = write({ wechat: { private_key_path: 'gone.pem' }, database: { url: 'pglite:x' } })
  writeFileSync(join(elsewhere, 'own.pem'), privatePem(space.merchant.privateKey))
  const env = { WECHAT_PRIVATE_KEY_PATH: './own.pem', DATABASE_URL: 'pglite:./y' }
  const config = loadConfig({ file, env, need: 'gateway' })
  expect(config.database.url).toBe('pglite:./y')
  expect(merchantPlaces({ file, env })[0]?.privateKeyPath).toBe('./own.pem')
  expect(urlOf(null)).toBe('pglite:./data')
})

describe('a start that would begin a second ledger', () => {
  const faults = (file: string | null, env: NodeJS.ProcessEnv = {}) =>
    faultsOf(() => loadConfig({ file, env, need: 'database' }))
  const both = (chosen: string, other: string) =>
    `"${chosen}" holds no database, but "${other}" does; `
  const whole = (chosen: string, other: string) =>
    `Give the whole path: pglite:${other} to go on with that one, pglite:${chosen} to begin a new one`

  test.each([{}, { database: { url: 'pglite:./data' } }, { database: { url: 'pglite:data/' } }])(
    'is refused where the older rule found a database in the working directory: %j',
    (changes) => {
      makeDatabase(join(elsewhere, 'data'))
      const [chosen, other] = [join(conf, 'data'), join(elsewhere, 'data')]
      expect(faults(write(changes))).toEqual([
        `database.url: ${both(chosen, other)}a path is relative to the file that names it. ${whole(chosen, other)}`,
      ])
    },
  )

  test('is refused where the environment names a path that is beside the file', () => {
    makeDatabase(join(conf, 'data'))
    const [chosen, other] = [join(elsewhere, 'data'), join(conf, 'data')]
    expect(faults(write({}), { DATABASE_URL: 'pglite:./data' })).toEqual([
      `database.url (DATABASE_URL): ${both(chosen, other)}a path in the environment is relative to the working directory. ${whole(chosen, other)}`,
    ])
  })

  test('goes on by either of the two paths that the fault gives', () => {
    makeDatabase(join(elsewhere, 'data'))
    for (const directory of [join(elsewhere, 'data'), join(conf, 'data')]) {
      const url = `pglite:${directory}`
      expect(urlOf(write({ database: { url } }))).toBe(url)
      expect(urlOf(write({}), { DATABASE_URL: url })).toBe(url)
    }
  })

  test('is none where the right one is there too, or the other is no database', () => {
    mkdirSync(join(elsewhere, 'data'))
    expect(faults(write({}))).toEqual([])
    makeDatabase(join(elsewhere, 'data'))
    makeDatabase(join(conf, 'data'))
    expect(faults(write({}))).toEqual([])
  })

  test('knows a database that budan made', async () => {
    const store = await openStore(`pglite:${join(elsewhere, 'data')}`)
    await store.close()
    expect(faults(write({}))).toHaveLength(1)
  })
})
