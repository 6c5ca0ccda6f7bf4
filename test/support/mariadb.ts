import { execFileSync, spawn } from 'node:child_process'
import { accessSync, chmodSync, constants, mkdtempSync } from 'node:fs'
import { createServer, Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'

export interface MariadbServer {
  /** The URL of its database `shop`, which is empty, as a user with all rights. */
  readonly url: string
  /** Gives it back: the process has one, which ends with it. */
  stop(): Promise<void>
}

/** Programs of Debian's mariadb-server-core. */
const programs = ['mariadbd', 'mariadb-install-db'] as const

/**
 * Whether tests that need MariaDB are skipped, for `describe.skipIf`. A warning says so. In CI they are
 * never skipped; they fail instead.
 */
export function withoutMariadb(): boolean {
  if (programs.every((name) => programAt(name) !== null) || process.env.CI) return false
  process.stderr.write('SKIPPED: tests of MariaDB. Install mariadb-server-core.\n')
  return true
}

/**
 * A real MariaDB on a free loopback port, for one user at a time: it has the system's databases, an
 * empty one, and no users but root. Starting one takes longer than most of its tests, so it is started
 * once in each process. It ends with this process, however this process ends.
 */
export async function startMariadb(): Promise<MariadbServer> {
  shared.port ??= launch()
  const port = await shared.port
  await renew(port)
  return { url: `mysql://root@127.0.0.1:${port}/shop`, stop: async () => undefined }
}

const shared: { port?: Promise<number> } = {}

const ownDatabases = ['information_schema', 'mysql', 'performance_schema', 'sys']
const ownUsers = ['root', 'mariadb.sys', 'mysql']

async function renew(port: number): Promise<void> {
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' })
  const list = async (statement: string, own: readonly string[]) => {
    const [rows] = await connection.query(statement, [own])
    return rows as { name: string; host: string }[]
  }
  const schemata = 'select schema_name as name from information_schema.schemata'
  for (const { name } of await list(`${schemata} where schema_name not in (?)`, ownDatabases)) {
    await connection.query('drop database ??', [name])
  }
  const users = 'select user as name, host as host from mysql.user'
  for (const { name, host } of await list(`${users} where user not in (?)`, ownUsers)) {
    await connection.query('drop user ?@?', [name, host])
  }
  await connection.query('create database shop character set utf8mb4')
  await connection.end()
}

/** Resolves with its port when it answers. */
async function launch(): Promise<number> {
  const [server, install] = programs.map(programAt)
  if (!server || !install) throw new Error('Cannot start MariaDB: it is not on this machine')
  const directory = mkdtempSync(join(tmpdir(), 'budan-mariadb-'))
  chmodSync(directory, 0o755)
  const user = `--user=${userInfo().username}`
  const data = `--datadir=${join(directory, 'data')}`
  execFileSync(
    install,
    ['--no-defaults', user, data, '--auth-root-authentication-method=normal', '--skip-test-db'],
    { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const port = await freePort()
  const keeper = join(import.meta.dirname, 'process-keeper.mjs')
  const settings = ['--skip-log-bin', '--innodb-flush-log-at-trx-commit=0', '--skip-name-resolve']
  const place = [`--socket=${join(directory, 'socket')}`, `--pid-file=${join(directory, 'pid')}`]
  const address = ['--bind-address=127.0.0.1', `--port=${port}`]
  const all = ['--no-defaults', user, data, ...place, ...address, ...settings]
  const kept = spawn(process.execPath, [keeper, '', directory, server, ...all], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  kept.unref()
  if (kept.stdin instanceof Socket) kept.stdin.unref()
  await answering(port, () => kept.exitCode !== null)
  return port
}

function programAt(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A start takes about a second; a busy machine may need many. */
const startMsMax = 120_000

async function answering(port: number, hasExited: () => boolean): Promise<void> {
  const deadline = Date.now() + startMsMax
  while (Date.now() < deadline && !hasExited()) {
    try {
      const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' })
      await connection.end()
      return
    } catch {
      await pause(50)
    }
  }
  throw new Error(`Cannot start MariaDB: no answer at port ${port}`)
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
