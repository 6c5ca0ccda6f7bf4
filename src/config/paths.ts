import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { databaseAddressFault } from '../servers/addresses.ts'
import { type ConfigTree, type Overlay, textIn, valueIn, withValue } from './file.ts'

/**
 * A path in the configuration file is relative to that file, and so is the default database when there
 * is a file: the same file always means the same ledger, in whatever directory budan is started. A path
 * in the environment is relative to the working directory, as for every other program.
 */

export const defaultDatabaseUrl = 'pglite:./data'

const embedded = 'pglite:'

/** Resolves the relative paths of the databases against the folder of the file. */
export function anchorPaths({ tree, origins }: Overlay, file: string | null): ConfigTree {
  const home = homeOf(file)
  // Nothing to resolve: messages show the paths as they were written.
  if (home === process.cwd()) return tree
  return ['database', 'engine'].reduce((anchored, section) => {
    const value = textIn(anchored, section, 'url')
    if (value === null || origins.has(`${section}.url`)) return anchored
    return withValue(anchored, [section, 'url'], anchorUrl(value, home)) ?? anchored
  }, withDatabase(tree))
}

/** The default is a path as well. */
function withDatabase(tree: ConfigTree): ConfigTree {
  if (valueIn(tree, 'database', 'url') !== undefined) return tree
  return withValue(tree, ['database', 'url'], defaultDatabaseUrl) ?? tree
}

/**
 * The address with absolute paths: the directory of an embedded database, or the certificate files
 * of a server.
 */
export function anchorUrl(url: string, home: string): string {
  const directory = relativeDirectory(url)
  return directory === null ? anchorFiles(url, home) : embedded + resolve(home, directory)
}

/**
 * Resolves the certificate and key paths in the query of the address of a server. The rest stays as
 * written.
 */
function anchorFiles(url: string, home: string): string {
  const [, before, query] = /^((?:postgres(?:ql)?|mysql|mariadb):[^?#]*\?)([^#]*)$/s.exec(url) ?? []
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
  // `system` is PostgreSQL's name for the CAs of the operating system.
  if (!isRelative || path === 'system' || path.includes('\0')) return part
  return `${name}=${encodeURIComponent(resolve(home, path)).replaceAll('%2F', '/')}`
}

/**
 * Prevents a second, empty ledger by mistake. It is a fault when no embedded database exists at the
 * relative path, but one exists at the same path relative to the other folder (that of the file, or the
 * working directory).
 * @param overlay with paths as written, before `anchorPaths`.
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

function holdsDatabase(directory: string): boolean {
  return existsSync(join(directory, 'PG_VERSION'))
}

/** The folder of the file. Links are not followed: the folder is that of the link. */
export function homeOf(file: string | null): string {
  return file === null ? process.cwd() : resolve(dirname(file))
}

/** The directory of an embedded database with a relative path; null for any other address. */
function relativeDirectory(url: string): string | null {
  if (!url.startsWith(embedded) || url === `${embedded}memory`) return null
  const directory = url.slice(embedded.length)
  return directory === '' || directory.includes('\0') || isAbsolute(directory) ? null : directory
}

/** Whether the value can be a path. If it cannot, the schema reports it. */
export function isPath(value: string): boolean {
  return !/-----BEGIN|\n|\0/.test(value)
}
