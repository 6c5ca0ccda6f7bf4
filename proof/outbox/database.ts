import type { PGlite } from '@electric-sql/pglite'
import type { ConnectionSource, QueryOutput, Statement } from '../../src/store/driver.ts'
import { PgliteSession } from '../../src/store/embedded/pglite-session.ts'
import type { Owner } from '../sim/clock/loop.ts'
import type { World } from './world.ts'

/** Resolves the statement of a connection. */
interface Answering {
  readonly resolve: (output: QueryOutput) => void
  readonly reject: (error: Error) => void
}

/** A statement that arrived while the transaction of another connection has the session. */
interface Waiting {
  readonly connection: ServerConnection
  readonly run: () => void
  /** The connection has ended meanwhile. */
  readonly refuse: () => void
}

/** Longer than a transaction may be idle. */
const idleMsMax = 30_000

/**
 * One real PGlite, as a server of all nodes. It has a single session, so a transaction holds it from BEGIN on,
 * and others wait: transactions never overlap here, but their statements wait on the wire, fail, and lose their
 * answers.
 */
export class DatabaseServer {
  readonly world: World
  readonly #session: PgliteSession
  readonly #connections = new Set<ServerConnection>()
  readonly #waiting: Waiting[] = []
  #holder: ServerConnection | null = null

  constructor(world: World, pglite: PGlite) {
    this.world = world
    this.#session = new PgliteSession(pglite)
  }

  get isDown(): boolean {
    return this.world.scenario.outages.some((span) => this.world.isWithin(span))
  }

  /** Where a process gets its connections. `owner` null: of the world itself, without latency and faults. */
  source(owner: Owner | null): ConnectionSource {
    return {
      acquire: async () => {
        const connection = new ServerConnection(this, owner)
        this.#connections.add(connection)
        return connection
      },
      close: async () => {},
    }
  }

  /** For the auditor: all that is committed. */
  async rows<T>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> {
    const connection = await this.source(null).acquire()
    const { rows } = await connection.query({ text, values, isPrepared: false })
    connection.release()
    return rows as T[]
  }

  /** Rolls back what they have not committed. */
  endSessions(isMeant: (owner: Owner | null) => boolean): void {
    for (const connection of [...this.#connections]) {
      if (isMeant(connection.owner)) void this.end(connection)
    }
  }

  /** The session of a process that does not go on with its transaction. */
  endIdle(owner: Owner): void {
    if (this.#holder?.owner === owner) void this.end(this.#holder)
  }

  /** The process is paused for longer than its transaction may be idle. */
  watchIdle(owner: Owner): void {
    this.world.after(idleMsMax, 'idle session', () => this.endIdle(owner))
  }

  async end(connection: ServerConnection): Promise<void> {
    connection.isEnded = true
    this.#connections.delete(connection)
    const at = this.#waiting.findIndex((each) => each.connection === connection)
    if (at !== -1) this.#waiting.splice(at, 1)[0]?.refuse()
    if (this.#holder !== connection) return
    if (connection.isInTransaction) await this.#execute(rollback)
    this.#release()
  }

  /** Runs when the session is free, or this connection's transaction has it. */
  inTurn(waiting: Waiting): void {
    if (this.#holder !== null && this.#holder !== waiting.connection) {
      this.#waiting.push(waiting)
      return
    }
    this.#holder = waiting.connection
    waiting.run()
  }

  /** PGlite needs no timer and no thread for it: all of it happens in the step of the loop that is under way. */
  async execute(connection: ServerConnection, statement: Statement): Promise<QueryOutput> {
    try {
      return await this.#execute(statement)
    } finally {
      connection.isInTransaction = inTransactionAfter(statement, connection)
      if (!connection.isInTransaction && this.#holder === connection) this.#release()
    }
  }

  #execute(statement: Statement): Promise<QueryOutput> {
    // Its own timers are of no process.
    this.world.loop.current = null
    this.world.figures.count('statements')
    // Each is planned a few times instead of each time, which halves the time that a seed takes.
    return this.#session.query({ ...statement, isPrepared: true })
  }

  #release(): void {
    this.#holder = null
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#holder = next.connection
    this.world.after(0, 'turn', () => {
      if (next.connection.isEnded) next.refuse()
      else next.run()
    })
  }
}

const rollback: Statement = { text: 'rollback', values: [], isPrepared: false }

/** As a deadlock does, it leaves the transaction in PostgreSQL's own state of failure. */
const failing: Statement = {
  text: `do $$ begin raise exception 'a simulated conflict' using errcode = '40001'; end $$`,
  values: [],
  isPrepared: false,
}

/** A COMMIT that fails ends the transaction, too. */
function inTransactionAfter({ text }: Statement, { isInTransaction }: ServerConnection): boolean {
  const word = firstWord(text)
  if (word === 'begin') return true
  return word === 'commit' || word === 'rollback' ? false : isInTransaction
}

function firstWord(text: string): string {
  return /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? ''
}

/** A connection of one process: sends one statement at a time, each over a wire that can lose it. */
class ServerConnection {
  readonly owner: Owner | null
  readonly #server: DatabaseServer
  isInTransaction = false
  isEnded = false

  constructor(server: DatabaseServer, owner: Owner | null) {
    this.#server = server
    this.owner = owner
  }

  query(statement: Statement): Promise<QueryOutput> {
    return new Promise((resolve, reject) => {
      const words = statement.text.trim().slice(0, 50).replaceAll(/\s+/g, ' ')
      this.#later(`send ${words}`, () => this.#arrive(statement, { resolve, reject }, words))
    })
  }

  release(): void {
    void this.#server.end(this)
  }

  #later(label: string, fire: () => void): void {
    const { owner } = this
    const { world } = this.#server
    world.loop.after(owner === null ? 0 : world.latencyMs(), { owner, label, fire })
  }

  #arrive(statement: Statement, answering: Answering, words: string): void {
    const { world, isDown } = this.#server
    const isOurs = this.owner !== null
    const isLost = isOurs && (isDown || world.occurs('connectionLost'))
    if (this.isEnded || isLost) {
      this.#lose(answering)
      return
    }
    const sent =
      isOurs && isFallible(statement) && world.occurs('statementFails') ? failing : statement
    this.#server.inTurn({
      connection: this,
      run: () => void this.#run(sent, answering, words),
      refuse: () => this.#refuse(answering),
    })
  }

  async #run(statement: Statement, { resolve, reject }: Answering, words: string): Promise<void> {
    const { world } = this.#server
    const isCommit = firstWord(statement.text) === 'commit'
    const isLost = this.owner !== null && world.occurs(isCommit ? 'commitLost' : 'answerLost')
    const answer = await this.#server.execute(this, statement).then(
      (output) => () => resolve(output),
      (error: Error) => () => reject(error),
    )
    if (isLost) this.#lose({ resolve, reject })
    else this.#later(`answered ${words}`, answer)
  }

  #lose(answering: Answering): void {
    void this.#server.end(this)
    this.#refuse(answering)
  }

  #refuse({ reject }: Answering): void {
    this.#later('connection lost', () => reject(new Error('Connection terminated unexpectedly')))
  }
}

/** What ends a transaction never fails by a conflict here: a COMMIT would leave none open. */
function isFallible({ text }: Statement): boolean {
  return !['begin', 'commit', 'rollback'].includes(firstWord(text))
}
