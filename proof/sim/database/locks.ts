/** A transaction that holds locks or waits for one. */
export interface LockHolder {
  /** The key of the lock that it waits for. */
  waitsFor: string | null
  readonly locked: Set<string>
}

interface Waiter {
  readonly holder: LockHolder
  readonly granted: () => void
}

/** Row locks, held to the end of the transaction, and granted in the order of the requests. */
export class Locks {
  readonly #holders = new Map<string, LockHolder>()
  readonly #waiters = new Map<string, Waiter[]>()

  isFree(key: string): boolean {
    return !this.#holders.has(key)
  }

  holds(holder: LockHolder, key: string): boolean {
    return this.#holders.get(key) === holder
  }

  /** Calls `granted` at once if the lock is free, otherwise when the holder before it has ended. */
  acquire(holder: LockHolder, { key, granted }: { key: string; granted: () => void }): void {
    const current = this.#holders.get(key)
    if (current === undefined || current === holder) {
      this.#give(holder, key)
      granted()
      return
    }
    holder.waitsFor = key
    const waiters = this.#waiters.get(key) ?? []
    waiters.push({ holder, granted })
    this.#waiters.set(key, waiters)
  }

  /** True if the holder waits, through other transactions, for a lock of its own. */
  isDeadlock(holder: LockHolder): boolean {
    let at: LockHolder | undefined = holder
    for (let steps = 0; at !== undefined && at.waitsFor !== null && steps < 100; steps += 1) {
      at = this.#holders.get(at.waitsFor)
      if (at === holder) return true
    }
    return false
  }

  /** Releases all locks of a transaction that has ended, and grants each to the next waiter. */
  releaseAll(holder: LockHolder): void {
    this.#stopWaiting(holder)
    for (const key of holder.locked) this.#passOn(key)
    holder.locked.clear()
  }

  #give(holder: LockHolder, key: string): void {
    this.#holders.set(key, holder)
    holder.locked.add(key)
  }

  #stopWaiting(holder: LockHolder): void {
    if (holder.waitsFor === null) return
    const waiters = this.#waiters.get(holder.waitsFor) ?? []
    this.#waiters.set(
      holder.waitsFor,
      waiters.filter((waiter) => waiter.holder !== holder),
    )
    holder.waitsFor = null
  }

  #passOn(key: string): void {
    this.#holders.delete(key)
    const next = this.#waiters.get(key)?.shift()
    if (next === undefined) return
    this.#give(next.holder, key)
    next.holder.waitsFor = null
    next.granted()
  }
}
