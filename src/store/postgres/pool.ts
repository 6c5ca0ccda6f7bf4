import pg, { type ClientConfig } from 'pg'
import { type Redact, redactError, redactorOf } from '../../config/redact.ts'
import { secretsInAddress } from '../../servers/addresses.ts'
import { type ErrorRules, firstWay, plainRules } from '../../servers/first-way.ts'
import { type PostgresAddress, type Way, waysOf } from '../../servers/postgres-address.ts'
import { SessionClient } from '../../servers/session-client.ts'
import { sqlStateOf } from '../../servers/sql-state.ts'
import { pastEndedSessions } from '../../servers/time-limits.ts'
import { type ConnectionSource, type PooledConnection, StatementNames } from '../driver.ts'
import { ReadOnlyError, StoreError } from '../errors.ts'
import { parsers } from '../parsers.ts'
import type { Settings } from './session.ts'
import type { Sessions } from './sessions.ts'

export interface Deadlines {
  /** Ours, for when the server is gone. */
  readonly queryMs: number
  /** The server's. */
  readonly settings: Settings
}

export interface PoolOptions {
  readonly url: string
  readonly address: PostgresAddress
  readonly sessions: Sessions
  readonly max: number
  readonly deadlines: Deadlines
}

const connectMsMax = 5_000

/**
 * A run that follows another finds its sessions, and what they have prepared. A new session costs both
 * sides some milliseconds, and plans each statement five times before it keeps a plan. For longer than
 * this, a session that nobody needs would only hold memory of the server.
 */
const idleMsMax = 60_000

/**
 * Connections to the one server of an address that will do. Each way to connect has its own pool, whose
 * connections are made when they are needed; the way that did last is tried first.
 */
export class PoolSource implements ConnectionSource {
  readonly #ways: readonly PooledWay[]
  readonly #sessions: Sessions
  readonly #redact: Redact
  readonly #names = new StatementNames()
  #last: PooledWay | null = null
  #closing: Promise<void> | null = null

  constructor({ url, address, ...options }: PoolOptions) {
    this.#redact = redactorOf(secretsInAddress(url))
    this.#sessions = options.sessions
    this.#ways = waysOf(address).map((way) => ({ ...way, pool: poolOf(way.config, options) }))
  }

  async acquire(): Promise<PooledConnection> {
    const client = await this.#connect().catch((error: unknown) => {
      throw redactError(error, this.#redact)
    })
    let broken = this.#sessions.isReadOnly(client)
    return {
      query: async (statement) => {
        const { text, values } = statement
        try {
          const name = this.#names.nameOf(statement)
          const { rows, rowCount } = await client.query({
            ...(name === null ? {} : { name }),
            text,
            values: values.map(utcOf),
          })
          return { rows, affected: rowCount ?? 0 }
        } catch (error) {
          broken ||= !outlives(error)
          throw redactError(error, this.#redact)
        }
      },
      // Where even the rollback failed, nobody may go on in what was begun.
      release: () => client.release(broken || client.getTransactionStatus() !== 'I'),
    }
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all(this.#ways.map(({ pool }) => pool.end())).then(() => undefined)
    return this.#closing
  }

  async #connect(): Promise<pg.PoolClient> {
    const attempt = async (way: PooledWay) => {
      const client = await pastEndedSessions(() => way.pool.connect())
      this.#last = way
      return client
    }
    return firstWay(this.#ordered(), attempt, errorRules)
  }

  /** The one that did last comes first; a fallback stays behind what it falls back from. */
  #ordered(): readonly PooledWay[] {
    const at = this.#ways.findIndex(({ host }) => host === this.#last?.host)
    return at < 1 ? this.#ways : [...this.#ways.slice(at), ...this.#ways.slice(0, at)]
  }
}

/** A server that lets us in and cannot be used is not passed over, unless it is a standby. */
const errorRules: ErrorRules = {
  isFinal: (error) =>
    error instanceof StoreError ? !(error instanceof ReadOnlyError) : plainRules.isFinal(error),
  describe: (error) => (error instanceof ReadOnlyError ? 'read-only' : plainRules.describe(error)),
  remedyOf: (error) => (error instanceof StoreError ? error.remedy : plainRules.remedyOf(error)),
}

interface PooledWay extends Way {
  readonly pool: pg.Pool
}

function poolOf(
  config: ClientConfig,
  { sessions, max, deadlines }: Omit<PoolOptions, 'url' | 'address'>,
): pg.Pool {
  const pool = new pg.Pool({
    ...config,
    Client: SessionClient,
    max,
    connectionTimeoutMillis: connectMsMax,
    idleTimeoutMillis: idleMsMax,
    query_timeout: deadlines.queryMs,
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        parsers[oid] ?? pg.types.getTypeParser(oid, format as 'text'),
    },
    onConnect: (client) => {
      client.on('error', ignore)
      return sessions.settle(client, { config, settings: deadlines.settings })
    },
  })
  // A lost connection is an error of the next statement, if there is one, and no reason to crash:
  // not while idle in the pool, nor between two statements of a transaction.
  pool.on('error', ignore)
  return pool
}

/**
 * Whether a session can be kept after what it said: only what is about the statement alone. A session
 * that says that it is read-only, or has lost a statement that it had, or a plan, says so for ever. Without
 * a word of the server's the connection is lost, or busy with what we gave up on.
 */
function outlives(error: unknown): boolean {
  return ofTheStatement.test(sqlStateOf(error) ?? '')
}

/** Data, constraints, conflicts, names and grants; a lock, a deadline, what a function raised, a full disk. */
const ofTheStatement = /^(2[123]|25P02|40|42(?!P05)|44|P0|55P03|57014|53100)/

/** The client would write it in the time zone of this machine, by rules of its own. */
function utcOf(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value
}

function ignore(): void {}
