import { StoreError, UnknownOutcomeError } from '../../../src/store/errors.ts'
import type { Loop, Owner } from '../clock/loop.ts'
import type { Random } from '../clock/random.ts'
import type { Trace } from '../clock/trace.ts'
import type { Figures } from '../figures.ts'
import type { FaultSchedule } from '../plan/fault-schedule.ts'
import { describeChange } from './change.ts'
import { Locks } from './locks.ts'
import { Session } from './session.ts'
import { type Change, Tables } from './tables.ts'

/** A retry of the transaction may succeed; see `transact` in `store.ts`. */
export class ConflictError extends StoreError {
  override readonly name = 'ConflictError'
}

/** One statement: it locks these rows in this order, then runs. */
export interface Statement<T> {
  readonly label: string
  readonly locks?: readonly string[]
  readonly run: (session: Session) => T
}

export interface ServerParts {
  readonly loop: Loop
  readonly random: Random
  readonly faults: FaultSchedule
  readonly figures: Figures
  readonly trace: Trace
  readonly skewMs: number
  /** Called for each commit when it becomes visible. */
  readonly onCommit: (change: Change) => void
  /** Called for each write that a constraint refuses. */
  readonly onRefusal: (constraint: string) => void
}

/** The timeouts that production sets in PostgreSQL. */
const lockTimeoutMs = 10_000
const idleTimeoutMs = 30_000

/**
 * A model of PostgreSQL at READ COMMITTED: sessions, row locks held to the end of the transaction,
 * commits that become visible at one moment, and connections that break before or after. A statement
 * is a request, its execution, and an answer; each of the three can fail on its own.
 */
export class DatabaseServer {
  readonly tables = new Tables()
  readonly locks = new Locks()
  readonly #parts: ServerParts
  readonly #sessions = new Set<Session>()
  #eventId = 0

  constructor(parts: ServerParts) {
    this.#parts = parts
  }

  now(): Date {
    return new Date(Math.floor(this.#parts.loop.now + this.#parts.skewMs))
  }

  /** Random numbers of the server. */
  get random(): () => number {
    return () => this.#parts.random.next()
  }

  nextEventId(): string {
    this.#eventId += 1
    return String(this.#eventId)
  }

  /** Fails for a value that no column can store. Unlike `refuse()`, this breaks no invariant. */
  fail(message: string): never {
    throw new StoreError(`the database failed: ${message}`)
  }

  refuse(constraint: string): never {
    this.#parts.onRefusal(constraint)
    throw new StoreError(`the database refused: ${constraint}`)
  }

  /** Runs one statement in its own transaction. */
  execute<T>(owner: Owner, statement: Statement<T>): Promise<T> {
    return this.#exchange<T>(owner, statement.label, (answer) => {
      // A statement that the process sent before it died may still arrive.
      if (!owner.alive && !this.#parts.faults.arrivesAfterDeath()) return
      const fault = this.#faultBefore()
      if (fault !== null) return answer(fault)
      const session = this.#open(owner)
      this.#run(session, statement, (outcome) => {
        if (outcome.kind === 'done') this.#commit(session)
        else this.end(session)
        const lost = outcome.kind === 'done' && this.#parts.faults.occurs('statementAckLost')
        answer(lost ? failed(new StoreError('the connection was lost')) : outcome)
      })
    })
  }

  begin(owner: Owner): Promise<Session> {
    return this.#exchange<Session>(owner, 'begin', (answer) => {
      if (!owner.alive) return
      answer(this.#faultBefore() ?? { kind: 'done', value: this.#open(owner) })
    })
  }

  /** Runs one statement in an open transaction. */
  step<T>(session: Session, statement: Statement<T>): Promise<T> {
    return this.#exchange<T>(session.owner, statement.label, (answer) => {
      if (session.ended) return answer(failed(new StoreError('the connection is gone')))
      const fault = this.#faultBefore() ?? this.#conflict()
      if (fault !== null) {
        this.end(session)
        return answer(fault)
      }
      this.#run(session, statement, (outcome) => {
        if (outcome.kind === 'failed') this.end(session)
        answer(outcome)
      })
    })
  }

  commit(session: Session): Promise<void> {
    return this.#exchange<void>(session.owner, 'commit', (answer) => {
      const lost = failed(new UnknownOutcomeError('the answer to COMMIT was lost'))
      const { faults } = this.#parts
      if (session.ended || faults.isActive('database_down') || faults.occurs('commitLost')) {
        this.end(session)
        return answer(lost)
      }
      this.#commit(session)
      answer(faults.occurs('commitAckLost') ? lost : { kind: 'done', value: undefined })
    })
  }

  rollback(session: Session): Promise<void> {
    return this.#exchange<void>(session.owner, 'rollback', (answer) => {
      this.end(session)
      answer({ kind: 'done', value: undefined })
    })
  }

  /** Lets a process wait between two tries. */
  pause(owner: Owner, ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.loop.after(ms, { owner, label: 'pause', fire: () => resolve() })
    })
  }

  /** Ends the transaction, without its writes unless they were applied, and releases its locks. */
  end(session: Session): void {
    if (session.ended) return
    session.ended = true
    this.#sessions.delete(session)
    this.locks.releaseAll(session)
  }

  /** Ends sessions because their process has died or was idle for too long, or the server was restarted. */
  endSessions(which: (session: Session) => boolean): void {
    for (const session of [...this.#sessions]) if (which(session)) this.end(session)
  }

  endIdle(): void {
    const { now } = this.#parts.loop
    this.endSessions(({ lastActiveAt }) => now - lastActiveAt >= idleTimeoutMs)
  }

  #open(owner: Owner): Session {
    const session = new Session(owner, this.tables)
    session.lastActiveAt = this.#parts.loop.now
    this.#sessions.add(session)
    return session
  }

  #commit(session: Session): void {
    const change = session.apply()
    this.end(session)
    this.#parts.trace.log(this.#parts.loop.now, () => describeChange(change))
    this.#parts.onCommit(change)
  }

  #run<T>(session: Session, statement: Statement<T>, answer: Answer<T>): void {
    const { loop } = this.#parts
    session.lastActiveAt = loop.now
    this.#acquire(session, statement.locks ?? [], (error) => {
      if (error !== null) return answer(failed(error))
      if (session.ended) return answer(failed(new StoreError('the connection is gone')))
      session.lastActiveAt = loop.now
      try {
        answer({ kind: 'done', value: statement.run(session) })
      } catch (error) {
        answer(failed(error))
      }
    })
  }

  #acquire(
    session: Session,
    [key, ...rest]: readonly string[],
    then: (error: StoreError | null) => void,
  ): void {
    if (key === undefined) {
      then(null)
      return
    }
    let over = false
    this.locks.acquire(session, {
      key,
      granted: () => {
        over = true
        this.#acquire(session, rest, then)
      },
    })
    if (over) return
    const giveUp = (error: StoreError) => {
      if (over) return
      over = true
      this.end(session)
      then(error)
    }
    if (this.locks.isDeadlock(session)) giveUp(this.#deadlock())
    const fire = () => giveUp(new StoreError('lock timeout'))
    this.#parts.loop.after(lockTimeoutMs, { owner: null, label: 'lock timeout', fire })
  }

  #deadlock(): ConflictError {
    this.#parts.figures.count('fault:deadlock')
    return new ConflictError('deadlock detected')
  }

  #faultBefore(): Failed | null {
    const { faults } = this.#parts
    if (faults.isActive('database_down')) return failed(new StoreError('the database is down'))
    return faults.occurs('statementFails') ? failed(new StoreError('the statement failed')) : null
  }

  #conflict(): Failed | null {
    return this.#parts.faults.occurs('conflict')
      ? failed(new ConflictError('could not serialize access'))
      : null
  }

  #exchange<T>(owner: Owner, label: string, atServer: (answer: Answer<T>) => void): Promise<T> {
    const { loop, faults } = this.#parts
    return new Promise((resolve, reject) => {
      const answer: Answer<T> = (outcome) => {
        const fire = () =>
          outcome.kind === 'done' ? resolve(outcome.value) : reject(outcome.error)
        loop.after(faults.nearLatencyMs(), { owner, label: `${label} answered`, fire })
      }
      const fire = () => atServer(answer)
      loop.after(faults.nearLatencyMs(), { owner: null, label: `${owner.name}: ${label}`, fire })
    })
  }
}

type Outcome<T> = { readonly kind: 'done'; readonly value: T } | Failed
type Failed = { readonly kind: 'failed'; readonly error: unknown }
type Answer<T> = (outcome: Outcome<T>) => void

function failed(error: unknown): Failed {
  return { kind: 'failed', error }
}
