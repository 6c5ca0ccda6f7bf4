import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freshPostgresUrl } from '../support/stores.ts'

const folder = join(import.meta.dirname, '../../examples/receivers')

/** A language that docs/receivers.md has a receiver in, and how its file is run here. */
export interface Language {
  readonly name: string
  readonly file: string
  /** Its interpreter, and the client of its database, are on this machine. */
  readonly isHere: boolean
  readonly database: 'postgres' | 'sqlite'
  readonly command: (run: Run) => readonly [command: string, ...args: string[]]
  readonly env: (run: Run) => Readonly<Record<string, string>>
}

interface Run {
  readonly path: string
  readonly port: number
  /** An address of PostgreSQL, or the file of SQLite. */
  readonly at: string
  readonly scratch: string
}

const javaDriver = '/usr/share/java/postgresql.jar'
const goPackages = '/usr/share/gocode'

export const languages: readonly Language[] = [
  {
    ...{ name: 'Node', file: 'receiver.mjs', isHere: true, database: 'postgres' },
    command: ({ path }) => [process.execPath, path],
    env: ({ at }) => ({ DATABASE_URL: at }),
  },
  {
    ...{ name: 'Python', file: 'receiver.py', isHere: runs('python3', '--version') },
    database: 'sqlite',
    command: ({ path }) => ['python3', path],
    env: ({ at }) => ({ DATABASE: at }),
  },
  {
    ...{ name: 'Go', file: 'receiver.go', database: 'postgres' },
    isHere: runs('go', 'version') && existsSync(join(goPackages, 'src/github.com/lib/pq')),
    command: ({ path, scratch }) => {
      const built = join(scratch, 'receiver')
      const env = { ...process.env, GO111MODULE: 'off', GOPATH: goPackages, GOFLAGS: '' }
      execFileSync('go', ['build', '-o', built, path], {
        env: { ...env, GOCACHE: join(scratch, 'cache') },
      })
      return [built]
    },
    env: ({ at }) => ({ DATABASE_URL: `${at}?sslmode=disable` }),
  },
  {
    ...{ name: 'Java', file: 'Receiver.java', database: 'postgres' },
    // The compiler comes with the development kit alone.
    isHere: runs('javac', '-version') && existsSync(javaDriver),
    command: ({ path }) => ['java', '-cp', javaDriver, path],
    env: ({ at }) => {
      const { host, pathname, username, password } = new URL(at)
      const query = new URLSearchParams({ user: username, password })
      return { JDBC_URL: `jdbc:postgresql://${host}${pathname}?${query}` }
    },
  },
  {
    ...{ name: 'PHP', file: 'receiver.php', database: 'sqlite' },
    isHere: runs('php', '--version') && runs('php', '-r', 'new PDO("sqlite::memory:");'),
    command: ({ path, port }) => ['php', '-S', `127.0.0.1:${port}`, path],
    env: ({ at }) => ({ DATABASE_DSN: `sqlite:${at}`, PHP_CLI_SERVER_WORKERS: '4' }),
  },
]

function runs(...[command, ...args]: [string, ...string[]]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface Receiver {
  readonly url: string
  query(sql: string): Promise<readonly (readonly unknown[])[]>
  /** Ends its processes at once, as a crash does. */
  kill(): Promise<void>
  /** Starts it again, with the same database. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const tables = [
  'create table credits (order_no text primary key, user_id text not null, amount bigint not null)',
  'create table accounts (user_id text primary key, balance bigint not null)',
]

/** @param secret that the receiver knows. */
export async function startReceiver(language: Language, secret: string): Promise<Receiver> {
  const scratch = mkdtempSync(join(tmpdir(), 'budan-receiver-'))
  const isPostgres = language.database === 'postgres'
  const at = isPostgres ? await freshPostgresUrl() : join(scratch, 'database.sqlite')
  const query = isPostgres ? postgresQuery(at) : sqliteQuery(at)
  for (const table of tables) await query(table)
  const port = await freePort()
  const run = { path: join(folder, language.file), port, at, scratch }
  const [command, ...args] = language.command(run)
  const url = `http://127.0.0.1:${port}/`
  const start = async () => {
    const child = spawn(command, args, {
      env: { ...process.env, ...language.env(run), WEBHOOK_SECRET: secret, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own, because PHP's server leaves its workers behind.
      detached: true,
    })
    await listening(url, child)
    return child
  }
  let child = await start()
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'close')
    if (child.pid !== undefined) process.kill(-child.pid, signal)
    await ended
  }
  return {
    url,
    query,
    kill: () => end('SIGKILL'),
    restart: async () => {
      child = await start()
    },
    stop: async () => {
      await end('SIGTERM')
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}

function postgresQuery(connectionString: string): Receiver['query'] {
  return async (sql) => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    try {
      const { rows } = await client.query({ text: sql, rowMode: 'array' })
      return rows.map((row: unknown[]) => row.map(numeric))
    } finally {
      await client.end()
    }
  }
}

/** By Python, which has SQLite in its library. */
function sqliteQuery(file: string): Receiver['query'] {
  const script =
    'import json, sqlite3, sys; d = sqlite3.connect(sys.argv[1], timeout=10); r = d.execute(sys.argv[2]).fetchall(); d.commit(); print(json.dumps(r))'
  return async (sql) =>
    JSON.parse(execFileSync('python3', ['-c', script, file, sql], { encoding: 'utf8' }))
}

/** The client returns a bigint as text. */
function numeric(value: unknown): unknown {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listening(url: string, child: ChildProcess): Promise<void> {
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The receiver ended: ${errors}`)
    const answer = await fetch(url, { method: 'POST', body: '{}' }).catch(() => null)
    if (answer !== null) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
