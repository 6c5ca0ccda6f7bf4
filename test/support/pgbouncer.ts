import { spawn } from 'node:child_process'
import { accessSync, chmodSync, chownSync, constants, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

export interface Pgbouncer {
  /** The same database, through the pooler. */
  url(of: string): string
  stop(): Promise<void>
}

export interface PgbouncerOptions {
  /** Of any database of the server behind it. */
  readonly server: string
  readonly mode: 'session' | 'transaction' | 'statement'
  /** Of PgBouncer, by name. */
  readonly settings?: Readonly<Record<string, string | number>>
}

function pgbouncerBinary(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find(isExecutable) ?? null
}

/**
 * Whether tests that need PgBouncer are skipped, for `describe.skipIf`. A warning says so. In CI they
 * are never skipped; they fail instead.
 */
export function withoutPgbouncer(): boolean {
  if (pgbouncerBinary() !== null || process.env.CI) return false
  process.stderr.write('SKIPPED: tests of PgBouncer. Install pgbouncer.\n')
  return true
}

/** A real PgBouncer of its own on a free loopback port. It ends with this process. */
export async function startPgbouncer(options: PgbouncerOptions): Promise<Pgbouncer> {
  const binary = pgbouncerBinary()
  if (binary === null) throw new Error('Cannot start PgBouncer: it is not on this machine')
  const directory = mkdtempSync(join(tmpdir(), 'budan-pgbouncer-'))
  // It refuses to run as root, so under root it runs as nobody, who owns nothing else.
  const uid = process.getuid?.() === 0 ? 65534 : null
  if (uid !== null) {
    chmodSync(directory, 0o755)
    chownSync(directory, uid, uid)
  }
  const port = await freePort()
  const config = join(directory, 'pgbouncer.ini')
  writeFileSync(config, configOf({ ...options, port }))
  const keeper = spawn(
    process.execPath,
    [join(import.meta.dirname, 'process-keeper.mjs'), String(uid ?? ''), directory, binary, config],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  )
  const exit = new Promise<void>((resolve) => keeper.once('exit', () => resolve()))
  keeper.unref()
  const url = (of: string) => {
    const through = new URL(of)
    through.port = String(port)
    return through.href
  }
  await answering(url(options.server), () => keeper.exitCode !== null)
  return {
    url,
    stop: () => {
      keeper.ref()
      keeper.stdin.end()
      return exit
    },
  }
}

function configOf({ server, mode, settings = {}, port }: PgbouncerOptions & { port: number }) {
  const { hostname, port: serverPort } = new URL(server)
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: mode,
    ...settings,
  }
  return [
    '[databases]',
    `* = host=${hostname} port=${serverPort} user=postgres`,
    '[pgbouncer]',
    ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
    '',
  ].join('\n')
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A start takes some 20 ms; a busy machine may need seconds. */
const startMsMax = 60_000

async function answering(url: string, exited: () => boolean): Promise<void> {
  const deadline = Date.now() + startMsMax
  while (Date.now() < deadline && !exited()) {
    const client = new pg.Client(url)
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query('select 1')
      return
    } catch {
      await pause(20)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  throw new Error(`Cannot start PgBouncer: no answer at ${url}`)
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
