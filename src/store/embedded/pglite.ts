import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { arrayBuffer } from 'node:stream/consumers'
import { PGlite, type PGliteOptions } from '@electric-sql/pglite'
import { Kysely } from 'kysely'
import { sqlText } from '../../text/sql-text.ts'
import type { Database } from '../database.ts'
import { type ConnectionSource, type PooledConnection, postgresDialect } from '../driver.ts'
import { EncodingError } from '../errors.ts'
import { attempt } from '../failure.ts'
import { parsers } from '../parsers.ts'
import { type Execute, placeIn } from '../schema/place.ts'
import { directoryFailure, examineDirectory } from './directory.ts'
import { type ExclusiveLock, lockDirectory } from './exclusive.ts'
import { shippedImage } from './image.ts'
import { pgliteFiles } from './pglite-files.ts'
import { PgliteSession } from './pglite-session.ts'
import { unpackOnce } from './unpack.ts'

export interface PgliteOptions {
  /** Null: in memory, gone with the process. */
  readonly directory: string | null
  /** A database made before, from `dumpDataDir`. */
  readonly image?: Blob
  /** As in `StoreOptions`; of a directory alone. */
  readonly withTables?: boolean
}

/** The embedded database. Throws `DatabaseBusyError` when another process has the directory open. */
export async function openPglite(options: PgliteOptions): Promise<Database> {
  const { directory, image } = options
  const name = directory === null ? 'pglite:memory' : `pglite:${directory}`
  return attempt({ name, action: `open the database ${JSON.stringify(name)}` }, async () => {
    if (directory === null) return onPglite(await inMemory(image), { name, lock: null })
    return inWords(directory, async () => {
      const lock = await lockNew(directory)
      try {
        return await onPglite(await inDirectory(directory, options), { name, lock })
      } catch (error) {
        await lock.release()
        throw error
      }
    })
  })
}

/** What the system says of the directory, as a cause with its next step. */
async function inWords<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw directoryFailure(error, directory)
  }
}

/** The lock comes first: PGlite changes the directory as soon as it opens it, and so may another process. */
async function lockNew(directory: string): Promise<ExclusiveLock> {
  mkdirSync(directory, { recursive: true })
  return lockDirectory(directory)
}

/**
 * Half of PGlite's own, which every start has to fill with zeros: of 100,000 orders each statement
 * costs the same with it, and a fifth more with half of it again.
 */
const sharedBuffers = 'shared_buffers=64MB'

/** Its timer is for the log of a long start, and PGlite lets it fire every ten seconds until the end. */
const noTimer = 'log_startup_progress_interval=0'

const startParams = [...PGlite.defaultStartParams, '-c', sharedBuffers, '-c', noTimer]

export async function inMemory(given: Blob | undefined): Promise<PGlite> {
  const image = given ?? (await shippedBlob().catch(() => undefined))
  return createPglite({
    ...{ dataDir: 'memory://', parsers, startParams },
    ...(image === undefined ? {} : { loadDataDir: image }),
  })
}

async function shippedBlob(): Promise<Blob> {
  return new Blob([await arrayBuffer(shippedImage())])
}

/** Where there is no image, or one that cannot be read, the database is made the long way. */
async function inDirectory(
  directory: string,
  { image, withTables = true }: Omit<PgliteOptions, 'directory'>,
): Promise<PGlite> {
  const long = async () => (await bareImage()).stream()
  const own = withTables ? [async () => shippedImage(), long] : [long]
  examineDirectory(directory)
  await unpackOnce(directory, image === undefined ? own : [async () => image.stream()])
  return createPglite({ dataDir: resolve(directory), parsers, startParams })
}

async function createPglite(options: PGliteOptions): Promise<PGlite> {
  return PGlite.create({ ...options, ...(await pgliteFiles()) })
}

/** Without tables. In memory, because PGlite makes a directory's files one after the other, in the directory. */
async function bareImage(): Promise<Blob> {
  const pglite = await createPglite({ dataDir: 'memory://' })
  try {
    return await pglite.dumpDataDir('none')
  } finally {
    await pglite.close()
  }
}

/** Its one session is made ours as those of a server are. */
export async function onPglite(
  pglite: PGlite,
  { name, lock }: { name: string; lock: ExclusiveLock | null },
): Promise<Database> {
  const execute = async (text: string, values: readonly unknown[]) =>
    (await pglite.query<object>(text, [...values])).rows
  await requireUtf8(execute, name)
  const { schema, searchPath } = await placeIn(execute, { database: name, named: null })
  await execute(sqlText`select set_config('search_path', $1, false)`, [searchPath])
  const source = new SingleConnection(pglite)
  const db = new Kysely<unknown>({ dialect: postgresDialect(source) })
  const close = async () => {
    await source.close()
    await lock?.release()
  }
  return { kind: 'pglite', name, schema, db, patientDb: db, close }
}

/** Ours is. One that was made by other programs may be in any other. */
async function requireUtf8(execute: Execute, database: string): Promise<void> {
  const [row] = (await execute(
    sqlText`select current_setting('server_encoding') as encoding`,
    [],
  )) as {
    encoding: string
  }[]
  const encoding = row?.encoding ?? ''
  if (encoding !== 'UTF8') throw new EncodingError({ database, encoding })
}

/**
 * Far longer than any transaction of ours. A call to the store inside a transaction, instead of a step
 * of it, would otherwise wait for itself for ever.
 */
const lockMsMax = 30_000

/**
 * The one connection of the embedded database, behind a mutex: first come first served, for a statement
 * or a whole transaction, so that transactions queue and never interleave.
 */
class SingleConnection implements ConnectionSource {
  readonly #pglite: PGlite
  readonly #session: PgliteSession
  readonly #waiting: (() => void)[] = []
  #isLocked = false
  #closing: Promise<void> | null = null

  constructor(pglite: PGlite) {
    this.#pglite = pglite
    this.#session = new PgliteSession(pglite)
  }

  async acquire(): Promise<PooledConnection> {
    if (this.#closing !== null) throw new Error('it is closed')
    await this.#lock()
    return {
      query: (statement) => this.#session.query(statement),
      release: () => this.#unlock(),
    }
  }

  /** Waits for the current holder. */
  close(): Promise<void> {
    this.#closing ??= this.#lock().then(() => this.#pglite.close())
    return this.#closing
  }

  async #lock(): Promise<void> {
    if (!this.#isLocked) {
      this.#isLocked = true
      return
    }
    await new Promise<void>((resolve, reject) => {
      const acquired = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(acquired), 1)
        reject(
          new Error(
            `its connection was not free within ${lockMsMax} ms; inside a transaction, use its steps`,
          ),
        )
      }, lockMsMax)
      this.#waiting.push(acquired)
    })
  }

  #unlock(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#isLocked = false
    else next()
  }
}
