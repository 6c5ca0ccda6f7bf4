import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { databaseAddressFault } from '../servers/addresses.ts'
import { type ConfigTree, isMapping, type Overlay } from './file.ts'

/**
 * A path is relative to the file that names it, and so is the default of the database where there is
 * a file: the same file means the same ledger from whatever directory budan is started in. Only what
 * the environment gives is relative to the working directory, as for every other program.
 */

export const defaultDatabaseUrl = 'pglite:./data'

const embedded = 'pglite:'

/** The tree with paths that mean the same from the working directory as they do from the file. */
export function anchorPaths({ tree, origins }: Overlay, file: string | null): ConfigTree {
  const home = homeOf(file)
  // Left as they were written: this is how messages show them.
  if (home === process.cwd()) return tree
  const anchored = (path: string, anchor: (value: string) => string): ConfigTree => {
    const [section = '', key = ''] = path.split('.')
    const value = textIn(tree, section, key)
    if (value === null || origins.has(path)) return {}
    return { [key]: anchor(value) }
  }
  const path = (value: string) => (isPath(value) ? resolve(home, value) : value)
  const url = (value: string) => anchorUrl(value, home)
  return {
    ...tree,
    ...merged(tree, 'wechat', {
      ...anchored('wechat.private_key_path', path),
      ...anchored('wechat.public_key_path', path),
    }),
    ...merged(tree, 'database', {
      ...(isAbsent(tree, 'database', 'url') ? { url: url(defaultDatabaseUrl) } : {}),
      ...anchored('database.url', url),
    }),
    ...merged(tree, 'engine', anchored('engine.url', url)),
  }
}

/** The address with whole paths: of an embedded database's directory, of the files that a server's names. */
export function anchorUrl(url: string, home: string): string {
  const directory = relativeDirectory(url)
  return directory === null ? anchorFiles(url, home) : embedded + resolve(home, directory)
}

/** The certificates and the key in the query of an address of PostgreSQL; all else stays as written. */
function anchorFiles(url: string, home: string): string {
  const [, before, query] = /^(postgres(?:ql)?:[^?#]*\?)([^#]*)$/s.exec(url) ?? []
  if (before === undefined || query === undefined) return url
  return (
    before +
    query
      .split('&')
      .map((part) => anchorFile(part, home))
      .join('&')
  )
}

function anchorFile(part: string, home: string): string {
  const [[name, path] = ['', '']] = new URLSearchParams(part)
  const isRelative = /^ssl(rootcert|cert|key)$/.test(name) && path !== '' && !isAbsolute(path)
  // The CAs of the system, as PostgreSQL names them.
  if (!isRelative || path === 'system' || path.includes('\0')) return part
  return `${name}=${encodeURIComponent(resolve(home, path)).replaceAll('%2F', '/')}`
}

/**
 * What keeps a second, empty ledger from being begun by mistake: the embedded database is not where
 * its relative path leads, but it is where the same path would lead from the other place.
 * @param overlay as it was written, before `anchorPaths`.
 */
export function secondDatabaseFaults({ tree, origins }: Overlay, file: string | null): string[] {
  const written = textIn(tree, 'database', 'url') ?? defaultDatabaseUrl
  const directory = relativeDirectory(written)
  if (directory === null || databaseAddressFault(written) !== null) return []
  const envName = origins.get('database.url')
  const [home, cwd] = [homeOf(file), process.cwd()]
  const [own, other] = envName === undefined ? [home, cwd] : [cwd, home]
  const [chosen, beside] = [resolve(own, directory), resolve(other, directory)]
  if (holdsDatabase(chosen) || !holdsDatabase(beside)) return []
  const where = envName === undefined ? 'database.url' : `database.url (${envName})`
  const rule =
    envName === undefined
      ? 'a path is relative to the file that names it'
      : 'a path in the environment is relative to the working directory'
  return [
    `${where}: ${JSON.stringify(chosen)} holds no database, but ${JSON.stringify(beside)} does; ` +
      `${rule}. Give the whole path: ${embedded}${beside} to go on with that one, ` +
      `${embedded}${chosen} to begin a new one`,
  ]
}

/** Whether an embedded database was made there. */
function holdsDatabase(directory: string): boolean {
  return existsSync(join(directory, 'PG_VERSION'))
}

/** As it was named: a file that is a link belongs to where the link is. */
function homeOf(file: string | null): string {
  return file === null ? process.cwd() : resolve(dirname(file))
}

/** Of an embedded database with a relative path; null for any other. */
function relativeDirectory(url: string): string | null {
  if (!url.startsWith(embedded) || url === `${embedded}memory`) return null
  const directory = url.slice(embedded.length)
  return directory === '' || directory.includes('\0') || isAbsolute(directory) ? null : directory
}

/** What is none, the schema tells. */
function isPath(value: string): boolean {
  return !/-----BEGIN|\n|\0/.test(value)
}

/** Null where the key has no text: that is the schema's to tell. */
function textIn(tree: ConfigTree, section: string, key: string): string | null {
  const keys = tree[section]
  const value = isMapping(keys) ? keys[key] : undefined
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}

function isAbsent(tree: ConfigTree, section: string, key: string): boolean {
  const keys = tree[section]
  return keys === undefined || (isMapping(keys) && keys[key] === undefined)
}

function merged(tree: ConfigTree, section: string, changes: ConfigTree): ConfigTree {
  if (Object.keys(changes).length === 0) return {}
  const keys = tree[section]
  return { [section]: { ...(isMapping(keys) ? keys : {}), ...changes } }
}
