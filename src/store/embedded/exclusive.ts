import { createHash } from 'node:crypto'
import { realpathSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseBusyError } from '../errors.ts'

/** A claim on a directory that ends with the process, however it ends. */
export interface ExclusiveLock {
  release(): Promise<void>
}

/**
 * Two processes on one embedded database lose rows silently, so a directory has one owner: the
 * process that listens at an address made of the directory's real path. The kernel frees it when
 * the process dies; nothing is left to clean up after kill -9, and no clock is involved.
 *
 * Anybody on the machine can compute the address and take it first. Then this one does not start,
 * and nothing is lost. A part of the name that only the directory's owner can read would close that,
 * and would not keep out a process of the version before, which takes this very name: it stays.
 *
 * Not protected: containers that share a directory but not a network (Linux abstract sockets
 * belong to a network namespace), and machines that share it over a network file system.
 * Throws `DatabaseBusyError`.
 */
export async function lockDirectory(directory: string): Promise<ExclusiveLock> {
  const address = addressOf(realpathSync(directory))
  const server = await listen(address).catch((error) => retryStale(address, error))
  if (server === null) {
    throw new DatabaseBusyError(busyMessage(directory), { remedy: callOrStop })
  }
  // The lock itself is no reason to stay alive.
  server.unref()
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}

function busyMessage(directory: string): string {
  return `Cannot open the database in "${directory}": another budan process has it open`
}

const callOrStop = 'use its HTTP API or stop it'

function addressOf(realPath: string): string {
  const name = `budan-${createHash('sha256').update(realPath).digest('hex').slice(0, 40)}`
  if (process.platform === 'linux') return `\0${name}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  return join(tmpdir(), `${name}.sock`)
}

function listen(address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen(address, () => resolve(server))
  })
}

/**
 * Where the address is a file (macOS, BSD), a dead owner leaves it behind: if nobody answers, it
 * is removed and taken. Two processes that start in the same instant after a crash might both do
 * so; Linux and Windows have no such gap.
 */
async function retryStale(address: string, error: NodeJS.ErrnoException): Promise<Server | null> {
  if (error.code !== 'EADDRINUSE') throw error
  const isFile = process.platform !== 'linux' && process.platform !== 'win32'
  if (!isFile || (await isAnswered(address))) return null
  unlinkSync(address)
  return listen(address).catch(() => null)
}

function isAnswered(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
