import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  directoryFailure,
  embeddedMajor,
  examineDirectory,
} from '../../src/store/embedded/directory.ts'
import { DirectoryError, StoreError } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/open.ts'

const root = mkdtempSync(join(tmpdir(), 'budan-directory-'))
const sound = join(root, 'sound')
let shown: Map<string, string>

beforeAll(async () => {
  shown = new Map()
  await (await openStore(`pglite:${sound}`)).close()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** What is said of a directory that was sound before it was changed. */
async function after(change: (directory: string) => void): Promise<StoreError> {
  const directory = mkdtempSync(join(root, 'changed-'))
  cpSync(sound, directory, { recursive: true })
  change(directory)
  return refusal(directory)
}

async function refusal(directory: string): Promise<StoreError> {
  const error = await openStore(`pglite:${directory}`).then(
    (store) => store.close().then(() => null),
    (error: unknown) => error,
  )
  if (!(error instanceof StoreError)) throw new Error(`It was opened, or: ${error}`)
  return error
}

const remove = (part: string) => (directory: string) =>
  rmSync(join(directory, part), { recursive: true })

/** Where `pg_control` says that programs have 64 bits; its checksum is of no matter here. */
function as64Bits(directory: string): void {
  const path = join(directory, 'global/pg_control')
  const bytes = readFileSync(path)
  bytes[0xf8] = 1
  writeFileSync(path, bytes)
}

/** Root may write anywhere. */
async function asSomebody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return await work()
  process.seteuid?.('nobody')
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe('an embedded directory that cannot be opened', () => {
  it('is compared with the version that a new one has', () => {
    expect(readFileSync(join(sound, 'PG_VERSION'), 'utf8').trim()).toBe(embeddedMajor)
    expect(() => examineDirectory(sound)).not.toThrow()
  })

  it.each<[string, (directory: string) => void, RegExp]>([
    [
      'of an older version names both',
      (at) => writeFileSync(join(at, 'PG_VERSION'), '16\n'),
      /an older budan: it holds PostgreSQL 16, and this budan opens 18; take another directory/,
    ],
    [
      'of a newer version names both',
      (at) => writeFileSync(join(at, 'PG_VERSION'), '19\n'),
      /a newer budan: it holds PostgreSQL 19, and this budan opens 18; open it with the budan/,
    ],
    [
      'of a server is recognized by its 64 bits',
      as64Bits,
      /the data directory of a PostgreSQL 18 server; put the address of that server/,
    ],
    [
      'whose PG_VERSION is empty',
      (at) => writeFileSync(join(at, 'PG_VERSION'), ''),
      /PG_VERSION is damaged/,
    ],
    [
      'that was copied in half names what is missing',
      remove('pg_wal'),
      /not whole: pg_wal missing; copy/,
    ],
    ['without its tables', remove('base/5'), /not whole: base\/5 missing/],
    [
      'without its empty folders, as Git copies it',
      remove('pg_notify'),
      /not whole: pg_notify missing/,
    ],
    [
      'whose control file is cut off',
      (at) => truncateSync(join(at, 'global/pg_control'), 100),
      /global\/pg_control is cut off/,
    ],
    [
      'whose files are damaged inside',
      (at) => writeFileSync(join(at, 'global/pg_control'), Buffer.alloc(8192)),
      /damaged, or was changed by something else/,
    ],
  ])('%s', async (name, change, message) => {
    const error = await after(change)
    expect(error).toBeInstanceOf(DirectoryError)
    expect(error.message).toMatch(message)
    expect(error.remedy).not.toBeNull()
    shown.set(name, error.what.replace(/"[^"]*"/, ''))
  })

  it('says what is in its place', async () => {
    const at = (name: string) => join(root, name)
    writeFileSync(at('file'), '')
    symlinkSync(at('nowhere'), at('dead'))
    symlinkSync(at('circle'), at('circle'))
    const said = async (path: string) => (await refusal(path)).what.split('": ').at(-1)
    expect(await said(at('file'))).toBe('a file is in its place')
    expect(await said(join(at('file'), 'sub'))).toBe('a part of its path is a file')
    expect(await said(at('dead'))).toBe('it is a link that leads nowhere')
    expect(await said(at('circle'))).toBe('its links lead in a circle')
    expect(await said(at('x'.repeat(300)))).toBe('its name is too long')
  })

  it.skipIf(process.platform === 'win32')('says that this user may not write in it', async () => {
    const directory = join(root, 'closed')
    mkdirSync(directory)
    chmodSync(directory, 0o500)
    const refused = await asSomebody(() => refusal(join(directory, 'data')))
    expect(refused.what).toContain('this user may not')
  })

  it('has words of its own for each code of the system, and no two the same', () => {
    const codes = [
      ...['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ELOOP', 'ENAMETOOLONG'],
      ...['EIO', 'EEXIST', 'ENOTDIR', 'ENOENT'],
    ]
    const sentences = codes.map((code) => {
      const failure = directoryFailure(Object.assign(new Error(code), { code }), '/data')
      expect(failure).toBeInstanceOf(DirectoryError)
      return (failure as DirectoryError).what
    })
    const all = [...sentences, ...shown.values()]
    // What is missing is named, in the same words.
    const own = all.map((each) => each.replace(/base\/5|pg_wal|pg_notify/, ''))
    expect(new Set(sentences).size).toBe(codes.length)
    expect(new Set(own).size).toBe(all.length - 2)
  })

  it('is never changed by being looked at', async () => {
    const directory = join(root, 'looked-at')
    cpSync(sound, directory, { recursive: true })
    writeFileSync(join(directory, 'PG_VERSION'), '16\n')
    const listed = () => execFileSync('ls', ['-lR', directory], { encoding: 'utf8' })
    const before = listed()
    await refusal(directory)
    expect(listed()).toBe(before)
  })
})
