import { setTimeout as delay } from 'node:timers/promises'
import type { Emit, Event } from '../domain/event.ts'
import type { Store } from '../store/store.ts'

/** What can be published by this process, which need not wait for the next look. */
const published: ReadonlySet<Event['type']> = new Set([
  ...(['order_credited', 'order_expired', 'order_alarm'] as const),
  ...(['review_resolved', 'refund_noticed'] as const),
])

/** One transaction moves some hundred rows in about ten milliseconds. */
const positionedAtOnce = 500

/**
 * Other nodes publish too, and this one is not notified: while events come and somebody waits for them, it
 * looks often.
 */
const lookMs = 200
const idleLookMs = 1_000
const busyForMs = 60_000

/** Between two rounds, so that a group of credits costs one round and not one for each. */
const restMs = 20

/**
 * Gives published events their positions: at once where this process has published something that it
 * delivers, or that somebody waits for; else as it looks. Each node has one; they exclude one another in
 * the database.
 *
 *   stopped ⇄ running    between start() and stop(), and while somebody waits
 */
export class Pump {
  readonly #store: Pick<Store, 'positionEvents'>
  readonly #emit: Emit
  readonly #onPositioned: () => void
  readonly #delivers: boolean
  readonly #waiters = new Set<Waiter>()
  #started: { readonly at: number } | null = null
  #loop: { readonly ended: Promise<void>; readonly stop: AbortController } | null = null
  #wake = () => {}
  #isHinted = false
  #last = -1n
  #failingSince: number | null = null

  constructor({ store, emit, onPositioned = () => {}, delivers = false }: PumpParts) {
    this.#store = store
    this.#emit = emit
    this.#onPositioned = onPositioned
    this.#delivers = delivers
  }

  /** How long it has been running; null: it was not started. */
  get runningMs(): number | null {
    return this.#started === null ? null : performance.now() - this.#started.at
  }

  start(): void {
    this.#started ??= { at: performance.now() }
    this.#run()
  }

  /** Ends every wait, and waits for the round under way; not for a wait that begins meanwhile. */
  async stop(): Promise<void> {
    this.#started = null
    for (const { leave } of this.#waiters) leave()
    this.#waiters.clear()
    const loop = this.#loop
    this.#loop = null
    loop?.stop.abort()
    this.#wake()
    await loop?.ended
  }

  /** Listens to what the service emits. Where nobody waits for an event, it may wait for the next look. */
  readonly hint = ({ type }: Event): void => {
    if (!published.has(type)) return
    this.#isHinted = true
    if (this.#isAwaited) this.#wake()
  }

  /** Afterwards all that was committed before has its position. Throws `StoreError`. */
  async position(): Promise<{ readonly isBusy: boolean }> {
    let isBusy = false
    for (;;) {
      const { count, last } = await this.#store.positionEvents({ limit: positionedAtOnce })
      isBusy ||= count > 0
      this.#passed(last)
      if (count < positionedAtOnce) return { isBusy }
    }
  }

  /** Resolves when there is a position behind this one, at the signal, or after `ms`. */
  async waitBeyond(
    position: bigint,
    { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<void> {
    if (this.#last > position || signal.aborted) return
    const waiter: Waiter = { position, leave: () => {} }
    const left = new Promise<void>((resolve) => {
      waiter.leave = resolve
    })
    const timer = setTimeout(waiter.leave, ms)
    signal.addEventListener('abort', waiter.leave, { once: true })
    this.#waiters.add(waiter)
    this.#run()
    // Published after the reader looked, and before it began to wait.
    if (this.#isHinted) this.#wake()
    try {
      await left
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', waiter.leave)
      this.#waiters.delete(waiter)
    }
  }

  get #isWanted(): boolean {
    return this.#started !== null || this.#waiters.size > 0
  }

  get #isAwaited(): boolean {
    return this.#delivers || this.#waiters.size > 0
  }

  #run(): void {
    if (this.#loop !== null) return
    const stop = new AbortController()
    const ended = this.#rounds(stop.signal).finally(() => {
      if (this.#loop?.stop !== stop) return
      this.#loop = null
      // Somebody began to wait while the last round ended.
      if (this.#isWanted) this.#run()
    })
    this.#loop = { ended, stop }
  }

  async #rounds(stopped: AbortSignal): Promise<void> {
    const isOver = () => stopped.aborted || !this.#isWanted
    let busyUntil = 0
    while (!isOver()) {
      this.#isHinted = false
      if (await this.#tryRound()) busyUntil = performance.now() + busyForMs
      await delay(restMs)
      if ((this.#isHinted && this.#isAwaited) || isOver()) continue
      const isOften = this.#isAwaited && performance.now() < busyUntil
      await this.#pause(isOften ? lookMs : idleLookMs)
    }
  }

  /** Never throws: crediting does not depend on it. */
  async #tryRound(): Promise<boolean> {
    try {
      const { isBusy } = await this.position()
      if (this.#failingSince !== null) {
        const awayMs = performance.now() - this.#failingSince
        this.#failingSince = null
        this.#emit({ type: 'positioning_resumed', awayMs })
      }
      return isBusy
    } catch (error) {
      if (this.#failingSince === null) this.#emit({ type: 'positioning_failed', error })
      this.#failingSince ??= performance.now()
      return false
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #passed(last: bigint): void {
    if (last <= this.#last) return
    this.#last = last
    this.#onPositioned()
    for (const { position, leave } of this.#waiters) {
      if (this.#last > position) leave()
    }
  }
}

interface PumpParts {
  readonly store: Pick<Store, 'positionEvents'>
  readonly emit: Emit
  /** Called when there are new positions, whichever node gave them. */
  readonly onPositioned?: () => void
  /** This process delivers events to endpoints, which are not to wait. */
  readonly delivers?: boolean
}

interface Waiter {
  readonly position: bigint
  leave: () => void
}
