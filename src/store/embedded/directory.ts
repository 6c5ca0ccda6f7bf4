import { accessSync, constants, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DirectoryError } from '../errors.ts'

/**
 * Examines the directory of an embedded database before it is opened. PGlite reports every fault as
 * "failed to initialize", and may have changed the directory by then.
 */

/** Of the PostgreSQL that is embedded. A test compares it with what a new directory holds. */
export const embeddedMajor = '18'

type Words = readonly [what: string, remedy: string]

/** Throws `DirectoryError` where the database in it cannot be opened. Nothing is changed. */
export function examineDirectory(directory: string): void {
  if (!isThere(join(directory, 'PG_VERSION'))) return
  const fault = faultIn(directory)
  if (fault !== null) {
    const [what, remedy] = fault
    throw new DirectoryError({ directory, what, remedy })
  }
  mayUse(directory)
}

/** The clearest sign first: in a directory of another kind nearly everything is different. */
function faultIn(directory: string): Words | null {
  const version = readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim()
  if (!/^\d+(\.\d+)?$/.test(version)) return ['its file PG_VERSION is damaged', restore]
  const control = controlIn(directory)
  if (control !== null && isOfServer(directory, control)) {
    return [`it is the data directory of a PostgreSQL ${version} server`, nameServer]
  }
  if (version !== embeddedMajor) return ofOtherVersion(version)
  const missing = missingIn(directory)
  if (missing.length > 0) return [`it is not whole: ${missing.join(', ')} missing`, copyAgain]
  return control === null ? ['its file global/pg_control is cut off', copyAgain] : null
}

function ofOtherVersion(version: string): Words {
  const holds = `it holds PostgreSQL ${version}, and this budan opens ${embeddedMajor}`
  return Number(version) < Number(embeddedMajor)
    ? [`it was made by an older budan: ${holds}`, moveOver]
    : [`it was made by a newer budan: ${holds}`, 'open it with the budan that made it']
}

const restore = 'restore the directory from a backup'
const copyAgain =
  'copy the directory again, whole, while no process has it open, or restore it from a backup'
const nameServer =
  'put the address of that server in database.url (postgres://…), or take another directory'
const moveOver =
  'take another directory for new orders, and keep this one with the budan that made it until its orders are settled'

/** What a database has from its first moment on, apart from single tables. */
const parts = [
  ...['base/1', 'base/4', 'base/5', 'global', 'global/pg_control', 'pg_commit_ts', 'pg_dynshmem'],
  ...['pg_logical', 'pg_multixact/members', 'pg_multixact/offsets', 'pg_notify', 'pg_replslot'],
  ...['pg_serial', 'pg_snapshots', 'pg_stat', 'pg_stat_tmp', 'pg_subtrans', 'pg_tblspc'],
  ...['pg_twophase', 'pg_wal', 'pg_xact', 'postgresql.conf'],
]

function missingIn(directory: string): readonly string[] {
  const missing = parts.filter((part) => !isThere(join(directory, part)))
  if (missing.length > 0) return missing
  const hasLog = readdirSync(join(directory, 'pg_wal')).some((name) => /^[0-9A-F]{24}$/.test(name))
  return hasLog ? [] : ['pg_wal/*']
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** PostgreSQL's own page about the whole database; null where it is missing or cut off. */
function controlIn(directory: string): Buffer | null {
  const path = join(directory, 'global/pg_control')
  if (!isThere(path)) return null
  const bytes = readFileSync(path)
  return bytes.length >= 512 ? bytes : null
}

/** Where `pg_control` says whether numbers of 8 bytes are passed whole, since PostgreSQL 13. */
const passedWholeAt = 0xf8

/** A server's programs have 64 bits, the embedded ones 32. One that has run left its options, too. */
function isOfServer(directory: string, control: Buffer): boolean {
  const isKnown = control.readUInt32LE(8) >= 1300 && control.readUInt32LE(8) < 10_000
  return (isKnown && control[passedWholeAt] === 1) || isThere(join(directory, 'postmaster.opts'))
}

/** As the system has it: without this the first to notice would be PGlite, in the middle of its start. */
function mayUse(directory: string): void {
  for (const part of ['.', 'PG_VERSION', 'global', 'global/pg_control', 'base', 'pg_wal']) {
    accessSync(join(directory, part), constants.R_OK | constants.W_OK)
  }
}

/** What the system says of a directory or a file in it; the error as it is where it says nothing known. */
export function directoryFailure(error: unknown, directory: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = failures[code] ?? failureIn(error)
  if (known === undefined) return error
  const [what, remedy] = code === 'ENOENT' && isLink(directory) ? deadLink : known
  return new DirectoryError({ directory, what, remedy }, { cause: error })
}

const deadLink: Words = [
  'it is a link that leads nowhere',
  'make the directory that it leads to, or take the link away',
]

const tooManyOpen: Words = [
  'this process has too many files open',
  'allow it more (ulimit -n, LimitNOFILE)',
]

const failures: Readonly<Record<string, Words | undefined>> = {
  EEXIST: ['a file is in its place', 'take another directory, or move the file away'],
  ENOTDIR: ['a part of its path is a file', 'correct the path in database.url'],
  ENOENT: ['a part of it is not there any more', 'see who else changes it'],
  EACCES: ['this user may not read or write in it', 'give it to this user (chown)'],
  EPERM: ['this user may not read or write in it', 'give it to this user (chown)'],
  EROFS: ['it is on a disk that is mounted read-only', 'mount it so that it can be written to'],
  ENOSPC: ['its disk is full', 'make room on it'],
  EDQUOT: ['the quota of this user on its disk is used up', 'have it raised'],
  EMFILE: tooManyOpen,
  ENFILE: ['this machine has too many files open', 'allow it more (fs.file-max)'],
  ELOOP: ['its links lead in a circle', 'mend the links'],
  ENAMETOOLONG: ['its name is too long', 'take a shorter path'],
  EIO: ['its disk cannot be read or written', 'see what the system says of the disk (dmesg)'],
}

/** PGlite's own, which has no code. */
function failureIn(error: unknown): Words | undefined {
  const message = error instanceof Error ? error.message : ''
  if (/No space left on device/.test(message)) return failures.ENOSPC
  if (!/failed to initialize properly|^Aborted\(/.test(message)) return undefined
  return [
    'what is in it is damaged, or was changed by something else than budan',
    'keep a copy of it as it is, and restore it from a backup',
  ]
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}
