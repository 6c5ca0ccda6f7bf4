import { on } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { storeOn } from '../../src/store/assemble.ts'
import { type Database, rowsOf } from '../../src/store/database.ts'
import { makeImage } from '../../src/store/embedded/make-image.ts'
import { openPglite } from '../../src/store/embedded/pglite.ts'
import { unpackOnce } from '../../src/store/embedded/unpack.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { type Ended, type RunningCommand, runBudan, startBudan } from '../cli/budan.ts'
import { pgliteImage } from '../support/image.ts'

const home = mkdtempSync(join(tmpdir(), 'budan-image-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const names = Object.keys(migrations).sort()

/** What the built program says of a database that it has just made from its image. */
const upToDate = { code: 0, stdout: 'the database is up to date\n', stderr: '' }

describe('a new embedded database', () => {
  it('is made without an image that is damaged', async () => {
    const { code, stdout, stderr } = await madeWithoutImage()
    expect(code, stderr).toBe(0)
    expect(stdout).toBe(names.map((name) => `applied ${name}\n`).join(''))
  })

  it('has from the shipped image the schema and the rows that migrations alone make', async () => {
    const shipped = join(home, 'shipped')
    expect(await migrateBuilt(shipped)).toEqual(upToDate)
    await madeWithoutImage()
    expect(readdirSync(shipped)).toEqual(readdirSync(withoutImage))
    const contents = await contentsIn(shipped)
    expect(contents.columns.length).toBeGreaterThan(50)
    expect(contents).toEqual(await contentsIn(withoutImage))
  })

  it('is migrated where its image is older than the program', async () => {
    const older = Object.fromEntries(names.slice(0, 4).map((name) => [name, migrations[name]]))
    const image = new Blob([await makeImage(older as typeof migrations)])
    const database = await openPglite({ directory: join(home, 'older'), image })
    expect(await storeOn(database).migrate()).toEqual(names.slice(4))
    await madeWithoutImage()
    expect(await contentsOf(database)).toEqual(await contentsIn(withoutImage))
    await database.close()
  })

  it.each(['.unpacking', '.unpacked', 'base', 'PG_VERSION'])(
    'is none or whole when its maker is killed at the sight of %s, and is made by the next one',
    async (sight) => {
      const directory = join(home, `killed at ${sight}`)
      mkdirSync(directory)
      const { child, ended } = await untilSeen(sight, directory)
      child.kill('SIGKILL')
      // Nobody was too late.
      expect((await ended).code).toBeNull()
      expect(await migrateBuilt(directory)).toEqual(upToDate)
      expect(readdirSync(directory)).toEqual(readdirSync(join(home, 'shipped')))
    },
  )
})

describe('unpackOnce() in a directory where others may write', () => {
  const image = async () => new Blob([readFileSync(await pgliteImage())]).stream()

  it.each(['.unpacked', '.unpacking'])('follows no link at %s, and names it', async (name) => {
    const directory = join(home, `linked-${name}`)
    const elsewhere = join(home, `elsewhere-${name}`)
    mkdirSync(directory)
    mkdirSync(elsewhere)
    for (const file of ['PG_VERSION', 'precious']) writeFileSync(join(elsewhere, file), 'kept')
    symlinkSync(elsewhere, join(directory, name))
    await expect(unpackOnce(directory, [image])).rejects.toThrow(
      `"${join(directory, name)}" is in the way, and not of a whole database`,
    )
    expect(readdirSync(elsewhere)).toEqual(['PG_VERSION', 'precious'])
    expect(readdirSync(directory)).toEqual([name])
  })

  it.each(['base', 'PG_VERSION'])('puts nothing in the place of a link at %s', async (name) => {
    const directory = join(home, `dangling-${name}`)
    mkdirSync(directory)
    symlinkSync(join(home, 'nowhere'), join(directory, name))
    await expect(unpackOnce(directory, [image])).rejects.toThrow(
      `"${join(directory, name)}" is in the way, and not of a whole database`,
    )
    expect(readdirSync(directory)).toEqual([name])
  })
})

describe('unpackOnce()', () => {
  const image = async () => new Blob([readFileSync(await pgliteImage())]).stream()
  const nothing = () => Promise.reject(new Error('no image is needed'))

  it('removes what was left of an image that breaks off, and of one that another process unpacked', async () => {
    const directory = join(home, 'broken')
    mkdirSync(join(directory, '.unpacking/base'), { recursive: true })
    writeFileSync(join(directory, '.unpacking/base/of another version'), '')
    const half = async () => new Blob([readFileSync(await pgliteImage()).subarray(0, 2e6)]).stream()
    await expect(unpackOnce(directory, [half])).rejects.toThrow('the archive breaks off')
    expect(readdirSync(directory)).toEqual([])
    const text = async () => new Blob(['<html>'.repeat(1000)]).stream()
    await expect(unpackOnce(directory, [text])).rejects.toThrow('it is no tar archive')
    expect(readdirSync(directory)).toEqual([])
  })

  it('moves up what another process had unpacked whole, and had not moved yet', async () => {
    const directory = join(home, 'moving')
    mkdirSync(directory)
    await unpackOnce(directory, [image])
    const names = readdirSync(directory)
    mkdirSync(join(directory, '.unpacked'))
    for (const name of ['PG_VERSION', 'pg_wal', 'base']) {
      renameSync(join(directory, name), join(directory, '.unpacked', name))
    }
    await unpackOnce(directory, [nothing])
    expect(readdirSync(directory)).toEqual(names)
    // Killed between its last two steps.
    mkdirSync(join(directory, '.unpacked'))
    await unpackOnce(directory, [nothing])
    expect(readdirSync(directory)).toEqual(names)
  })

  it('touches no file of somebody else, and says which is in the way', async () => {
    const directory = join(home, 'taken')
    mkdirSync(join(directory, 'base'), { recursive: true })
    writeFileSync(join(directory, 'base/precious'), 'kept')
    writeFileSync(join(directory, 'notes'), 'kept')
    await expect(openPglite({ directory })).rejects.toThrow(
      `"${join(directory, 'base')}" is in the way, and not of a whole database`,
    )
    expect(readdirSync(directory)).toEqual(['base', 'notes'])
    expect(readFileSync(join(directory, 'base/precious'), 'utf8')).toBe('kept')
  })
})

const root = join(import.meta.dirname, '../..')

const withoutImage = join(home, 'damaged')
let making: Promise<Ended> | null = null

/** The database of a program whose image is damaged: made by initdb and all migrations, once. */
function madeWithoutImage(): Promise<Ended> {
  making ??= migrateBuilt(withoutImage, { program: programWithDamagedImage() })
  return making
}

function programWithDamagedImage(): string {
  const program = copyOfProgram()
  const folder = join(program, 'dist/store')
  const images = readdirSync(folder).filter((name) => name.endsWith('.tar.br'))
  for (const image of images) truncateSync(join(folder, image), 300_000)
  return program
}

/** Opened as `serve` does it, by the built program or a copy of it: `budan migrate` itself uses no image. */
async function migrateBuilt(directory: string, { program = root } = {}): Promise<Ended> {
  return runBudan([], { ...placeOf(directory), program: makerOf(program) })
}

function placeOf(directory: string) {
  return { cwd: home, env: { DATABASE_URL: `pglite:${directory}` } }
}

/** A program that opens a database and brings it up to date, and says what `budan migrate` says. */
function makerOf(program: string): string {
  const maker = join(mkdtempSync(join(home, 'maker-')))
  mkdirSync(join(maker, 'bin'))
  writeFileSync(join(maker, 'package.json'), '{ "type": "module" }')
  const open = pathToFileURL(join(program, 'dist/store/open.js')).href
  const lines = [
    `import { openStore } from ${JSON.stringify(open)}`,
    'const store = await openStore(process.env.DATABASE_URL)',
    'const applied = await store.migrate()',
    'await store.close()',
    "if (applied.length === 0) console.log('the database is up to date')",
    "for (const name of applied) console.log('applied ' + name)",
  ]
  writeFileSync(join(maker, 'bin/budan.js'), lines.join('\n'))
  return maker
}

/** Its own image is beside what it runs. */
function copyOfProgram(): string {
  const program = join(home, 'program')
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(join(root, part), join(program, part), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(program, 'node_modules'))
  return program
}

/** Starts to make a database, until a file of this name is in the directory, or no longer. */
async function untilSeen(sight: string, directory: string): Promise<RunningCommand> {
  const watcher = watch(directory)
  const changes = on(watcher, 'change', { close: ['close'] })
  const command = startBudan([], { ...placeOf(directory), program: makerOf(root) })
  void command.ended.then(() => watcher.close())
  for await (const [, name] of changes) if (name === sight) break
  watcher.close()
  return command
}

async function contentsIn(directory: string) {
  const database = await openPglite({ directory })
  try {
    return await contentsOf(database)
  } finally {
    await database.close()
  }
}

/** All that decides what the database takes and answers: schema, rows, sequences, its own settings. */
async function contentsOf({ db }: Database) {
  const read = async (statement: string) => rowsOf(db, sql.raw<Record<string, unknown>>(statement))
  const tables = await read(`select relname as name, relkind, reloptions from pg_class
    where relnamespace = current_schema()::regnamespace order by relname`)
  const ordinary = tables.filter(({ relkind }) => relkind === 'r').map(({ name }) => String(name))
  // When a migration was applied differs, and nothing else.
  const rows = ordinary.map(
    async (name) =>
      [
        name,
        await read(`select to_jsonb(t) - 'timestamp' as row from ${name} t order by 1`),
      ] as const,
  )
  return {
    tables,
    rows: Object.fromEntries(await Promise.all(rows)),
    columns:
      await read(`select table_name, column_name, ordinal_position, column_default, is_nullable,
      data_type, collation_name, datetime_precision, identity_generation
      from information_schema.columns where table_schema = current_schema() order by 1, 3`),
    constraints: await read(`select conrelid::regclass::text as of, conname, convalidated,
      pg_get_constraintdef(oid) as means from pg_constraint
      where connamespace = current_schema()::regnamespace order by 1, 2`),
    indexes: await read(
      `select indexname, indexdef from pg_indexes where schemaname = current_schema() order by 1`,
    ),
    triggers: await read(`select tgname, pg_get_triggerdef(oid) as means, tgenabled from pg_trigger
      where not tgisinternal order by 1`),
    functions: await read(`select proname, pg_get_functiondef(oid) as means from pg_proc
      where pronamespace = current_schema()::regnamespace order by 1`),
    sequences: await read(`select * from pg_sequences order by sequencename`),
    database: await read(
      `select datname, encoding, datcollate, datctype from pg_database order by 1`,
    ),
    settings: await read(`select name, setting from pg_settings
      where source = 'configuration file' order by 1`),
  }
}
