import type { UnknownAnswer } from '../../src/domain/trade.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { StoreError, UnknownOutcomeError } from '../../src/store/errors.ts'
import type { Store, Tx } from '../../src/store/store.ts'

/** `death`: nothing of this process runs after that step. `error`: that one step fails, or its answer is lost. */
export type FaultKind = 'death' | 'error'

/** Strikes once, at the n-th step that is come to, in whatever life that is. */
export class Fault {
  readonly kind: FaultKind
  /** Where it struck; null: not yet. */
  struck: string | null = null
  readonly seen = new Set<string>()
  #stepsLeft: number

  constructor(kind: FaultKind, at: number) {
    this.kind = kind
    this.#stepsLeft = at
  }

  strikesAt(step: string): boolean {
    this.seen.add(step)
    if (this.struck !== null) return false
    this.#stepsLeft -= 1
    if (this.#stepsLeft > 0) return false
    this.struck = step
    return true
  }
}

/** Thrown inside a transaction of a process that died, so that the database rolls it back. */
class Died extends Error {}

const never = new Promise<never>(() => undefined)

/**
 * One process's life: all it does to the database and the gateway passes through here, with a step
 * before and a step after. Once it is dead every such promise stays open for ever, and what was
 * under way in the database ends as it does when a connection breaks.
 */
export class Life {
  readonly died: Promise<void>
  dead = false
  readonly #fault: Fault
  readonly #underWay = new Set<Promise<unknown>>()
  #die: () => void = () => undefined

  constructor(fault: Fault) {
    this.#fault = fault
    this.died = new Promise((resolve) => {
      this.#die = resolve
    })
  }

  /** The database has noticed: what was under way is committed or rolled back. */
  async buried(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  storeOf(store: Store): Store {
    return guarding(store, {
      own: {
        transaction: (work) => this.#transaction(store, work),
        // No step: it sends nothing to the database.
        onProofFault: (listener) => store.onProofFault(listener),
        // The next life has the same database.
        close: async () => undefined,
      },
      guard: (name, work) => this.#guarded(name, work),
    })
  }

  gatewayOf(gateway: Gateway): Gateway {
    const rejected = { kind: 'rejected', status: 500, reason: 'fault' } as const
    return guarding(gateway, {
      own: {
        openCallback: (callback) =>
          this.#answered('openCallback', {
            request: () => gateway.openCallback(callback),
            none: rejected,
          }),
        // The next life has the same gateway.
        stop: async () => undefined,
      },
      guard: (name, request) => this.#answered(name, { request, none: unknown }),
    })
  }

  async #guarded<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.#pass(`before ${name}`, () => new StoreError('fault'))
    const result = await this.#track(work())
    await this.#pass(`after ${name}`, () => new StoreError('the answer was lost'))
    return result
  }

  /** A gateway never throws: what fails is an answer that says nothing. */
  async #answered<T, U>(
    name: string,
    { request, none }: { request: () => Promise<T>; none: U },
  ): Promise<T | U> {
    if (await this.#strikes(`before ${name}`)) return none
    const answer = await request()
    return (await this.#strikes(`after ${name}`)) ? none : answer
  }

  async #transaction<T>(store: Store, work: (tx: Tx) => Promise<T>): Promise<T> {
    await this.#pass('before begin', () => new StoreError('fault'))
    const committed = store.transaction(async (tx) => {
      const steps = guarding(tx, { own: {}, guard: (name, step) => this.#guarded(name, step) })
      const dying = this.died.then(() => Promise.reject(new Died()))
      const worked = work(steps).then(async (result) => {
        await this.#pass('before commit', () => new StoreError('fault'))
        return result
      })
      return Promise.race([worked, dying])
    })
    const result = await this.#track(committed).catch((error) => {
      if (error instanceof Died) return never
      throw error
    })
    await this.#pass('after commit', () => new UnknownOutcomeError('the answer was lost'))
    return result
  }

  async #pass(step: string, errorOf: () => Error): Promise<void> {
    if (await this.#strikes(step)) throw errorOf()
  }

  /** True where this step is to fail. Of a dead process no step comes back. */
  async #strikes(step: string): Promise<boolean> {
    if (this.dead) return never
    if (!this.#fault.strikesAt(step)) return false
    if (this.#fault.kind === 'error') return true
    this.dead = true
    this.#die()
    return never
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }
}

const unknown: UnknownAnswer = {
  kind: 'unknown',
  cause: 'network',
  message: 'fault',
  systemic: false,
  evidence: {},
}

type Guard = (name: string, work: () => Promise<unknown>) => Promise<unknown>

/** The same thing, its own methods in place of some, the guard around all others. */
function guarding<T extends object>(
  thing: T,
  { own, guard }: { own: Partial<T>; guard: Guard },
): T {
  return new Proxy(thing, {
    get: (target, name) => {
      if (name in own) return own[name as keyof T]
      const member = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...values: unknown[]) => guard(String(name), () => member.apply(target, values))
    },
  })
}
