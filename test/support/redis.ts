import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'

export interface RedisServer {
  readonly url: string
  /** Ends it and removes its files. */
  stop(): Promise<void>
  /** Ends it at once; `restart` brings it back on the same port, with what it had written. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** Deletes everything in it. */
  wipe(): Promise<void>
  /** Keeps its connections and answers nothing until it is thawed. */
  freeze(): void
  thaw(): void
}

/**
 * The server's program: on the PATH, or in Debian's redis-tools, whose redis-check-rdb is the same
 * file. Null when there is none: then `withoutRedis` skips.
 */
export function redisBinary(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
  for (const name of ['redis-server', 'valkey-server', 'redis-check-rdb']) {
    for (const folder of folders) {
      const file = join(folder, name)
      if (isExecutable(file)) return file
    }
  }
  return null
}

/**
 * Whether tests that need Redis are skipped, for `describe.skipIf`. A warning says so. In CI they are
 * never skipped; they fail instead.
 */
export function withoutRedis(): boolean {
  if (redisBinary() !== null || process.env.CI) return false
  process.stderr.write('SKIPPED: tests of Redis. Install redis-server, valkey or redis-tools.\n')
  return true
}

/**
 * A real Redis of its own on a free loopback port, with an append-only file. It ends with this
 * process, however this process ends.
 */
export async function startRedis(): Promise<RedisServer> {
  const binary = redisBinary()
  if (binary === null) throw new Error('Cannot start Redis: no redis-server on this machine')
  const directory = mkdtempSync(join(tmpdir(), 'budan-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const start = () => keep({ binary, directory, port })
  let kept = await start()
  await answering(url, kept)
  const end = async () => {
    if (kept.exited()) return
    await kept.kill()
  }
  return {
    url,
    stop: async () => {
      await end()
      rmSync(directory, { recursive: true, force: true })
    },
    kill: end,
    restart: async () => {
      await end()
      kept = await start()
      await answering(url, kept)
    },
    wipe: () => command(url, (redis) => redis.flushall()),
    freeze: () => process.kill(kept.pid, 'SIGSTOP'),
    thaw: () => process.kill(kept.pid, 'SIGCONT'),
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

interface Kept {
  readonly pid: number
  readonly exited: () => boolean
  readonly kill: () => Promise<void>
}

async function keep(server: { binary: string; directory: string; port: number }): Promise<Kept> {
  const script = join(import.meta.dirname, 'redis-keeper.mjs')
  const keeper = spawn(
    process.execPath,
    [script, server.binary, server.directory, String(server.port)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const exit = new Promise<void>((resolve) => keeper.once('exit', () => resolve()))
  const pid = await firstLine(keeper)
  keeper.unref()
  return {
    pid: Number(pid),
    exited: () => keeper.exitCode !== null,
    kill: () => {
      keeper.ref()
      keeper.stdin.write('kill\n')
      return exit
    },
  }
}

function firstLine({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => stdout?.once('data', (line) => resolve(String(line).trim())))
}

/** A start takes some 50 ms; a busy machine may need seconds. */
const startMsMax = 60_000

async function answering(url: string, { exited }: Kept): Promise<void> {
  const deadline = Date.now() + startMsMax
  while (Date.now() < deadline && !exited()) {
    try {
      await command(url, (redis) => redis.ping())
      return
    } catch {
      await pause(20)
    }
  }
  throw new Error(`Cannot start Redis: no answer at ${url}`)
}

/** One command on a connection of its own, which fails rather than waits. */
async function command(url: string, send: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    await send(redis)
  } finally {
    redis.disconnect()
  }
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
