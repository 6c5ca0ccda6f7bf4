import { execFileSync, spawn } from 'node:child_process'
import { accessSync, chmodSync, constants, mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'

export interface MariadbServer {
  /** The URL of its database `shop`, as a user with all rights. */
  readonly url: string
  /** Ends it and removes its files. */
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
 * A real MariaDB of its own on a free loopback port. It ends with this process, however this process
 * ends.
 */
export async function startMariadb(): Promise<MariadbServer> {
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
  const exit = new Promise<void>((resolve) => kept.once('exit', () => resolve()))
  kept.unref()
  const url = `mysql://root@127.0.0.1:${port}/shop`
  await answering(port, () => kept.exitCode !== null)
  return {
    url,
    stop: () => {
      kept.ref()
      kept.stdin.end()
      return exit
    },
  }
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
      await connection.query('create database if not exists shop character set utf8mb4')
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
