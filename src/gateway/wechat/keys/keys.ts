import type { KeyObject } from 'node:crypto'
import { unlessAborted } from '../../../deadline.ts'
import type { Clock } from '../../../domain/clock.ts'
import type { Emit } from '../../../domain/event.ts'
import type { UnknownAnswer, UnknownWhy } from '../../../domain/trade.ts'
import { serialKey } from '../../../text/serial.ts'
import type { Certificate, OpenedCertificates } from './certificates.ts'

/**
 * WeChat Pay's keys by serial: its public key, its platform certificates, or both while a merchant
 * migrates from certificates to the public key.
 *
 *   (none) ──first use──► held ──12 h, or an unknown serial──► replaced by the list of that time
 *
 * Anybody can send a callback with a made-up serial, so callbacks have their own limit for fetches: see
 * `findForCallback`.
 */
export class KeyRing {
  readonly #options: KeyRingOptions
  #certificates: ReadonlyMap<string, Certificate> = new Map()
  #fetchedAtMs: number | null = null
  #triedAtMs: number | null = null
  #flight: Promise<Refresh> | null = null
  #failure: FetchFailure | null = null
  #emittedAtMs: number | null = null
  #triedForCallbackAtMs: number | null = null

  constructor(options: KeyRingOptions) {
    this.#options = options
  }

  /** The key that `serial` names. Fetches the list of certificates when it may have changed. */
  find(serial: string, signal: AbortSignal): Promise<Finding> {
    return this.#find(serial, { signal, mayFetch: () => this.#mayRefresh() })
  }

  /**
   * The same for a callback, which anybody can send: an unknown serial causes at most one fetch in ten
   * minutes, and none if the gateway said that there are no certificates and a public key is used. If
   * WeChat Pay uses a new certificate that it did not list 12 h before, and made-up serials arrive just
   * then, callbacks may not know it for ten minutes. WeChat Pay sends those callbacks again for a day,
   * and any answer signed with that certificate makes it known at once.
   */
  findForCallback(serial: string, signal: AbortSignal): Promise<Finding> {
    return this.#find(serial, { signal, mayFetch: () => this.#mayFetchForCallback() })
  }

  async #find(
    serial: string,
    { signal, mayFetch }: { signal: AbortSignal; mayFetch: () => boolean },
  ): Promise<Finding> {
    const { publicKey } = this.#options
    if (serial === publicKey?.id) return { kind: 'key', key: publicKey.key }
    // A public key is configured by hand; it cannot be fetched.
    if (serial.startsWith(publicKeyPrefix)) return this.#missing(serial)
    const held = this.#held(serial)
    if (held) {
      if (this.#agedMs() >= refreshMs && this.#mayRefresh()) {
        // In the background: events report its result.
        this.refresh().catch(() => undefined)
      }
      return { kind: 'key', key: held.key }
    }
    if (this.#flight || mayFetch()) await unlessAborted(this.refresh(), signal)
    const fetched = this.#held(serial)
    return fetched ? { kind: 'key', key: fetched.key } : this.#missing(serial)
  }

  /** Fetches the list now, or waits for the fetch that is running. */
  refresh(): Promise<Refresh> {
    this.#flight ??= this.#refreshOnce().finally(() => {
      this.#flight = null
    })
    return this.#flight
  }

  /** Resolves when no fetch is running. */
  async settled(): Promise<void> {
    await this.#flight
  }

  async #refreshOnce(): Promise<Refresh> {
    const { clock, emit, fetchCertificates } = this.#options
    this.#triedAtMs = clock().getTime()
    const fetched = await fetchCertificates()
    if (fetched.kind === 'unknown') {
      this.#emitFailure(fetched)
      this.#failure = fetched
      return fetched
    }
    this.#failure = null
    this.#emittedAtMs = null
    this.#fetchedAtMs = clock().getTime()
    this.#certificates = new Map(fetched.certificates.map((each) => [serialKey(each.serial), each]))
    emit({
      type: 'gateway_keys_refreshed',
      serials: fetched.certificates.map(({ serial }) => serial),
    })
    return { kind: 'refreshed' }
  }

  /** Emits a failure once, and again when its cause changes or an hour has passed: fetches may fail often. */
  #emitFailure(failure: FetchFailure): void {
    const { clock, emit } = this.#options
    const isSame = this.#failure !== null && this.#failure.cause === failure.cause
    const emittedAtMs = this.#emittedAtMs
    if (isSame && emittedAtMs !== null && !this.#hasPassed(emittedAtMs, emitAgainMs)) return
    this.#emittedAtMs = clock().getTime()
    emit({ type: 'gateway_keys_failed', message: failure.message })
  }

  #held(serial: string): Certificate | null {
    const certificate = this.#certificates.get(serialKey(serial))
    return certificate && this.#lifeFault(certificate) === null ? certificate : null
  }

  /** By this machine's clock; null: the certificate is valid now. */
  #lifeFault({ validFrom, validTo }: Certificate): string | null {
    const now = this.#options.clock()
    if (now > validTo) return `ended on ${dayOf(validTo)}`
    return now < validFrom ? `begins on ${dayOf(validFrom)} only` : null
  }

  #agedMs(): number {
    return this.#options.clock().getTime() - (this.#fetchedAtMs ?? 0)
  }

  #mayRefresh(): boolean {
    if (this.#triedAtMs === null) return true
    const keyless = this.#certificates.size === 0 && this.#options.publicKey === null
    return this.#hasPassed(this.#triedAtMs, keyless ? keylessRetryMs : retryMs)
  }

  #mayFetchForCallback(): boolean {
    const hasNone = this.#failure?.noneListed === true && this.#fetchedAtMs === null
    if (hasNone && this.#options.publicKey !== null) return false
    if (!this.#mayRefresh()) return false
    const triedAtMs = this.#triedForCallbackAtMs
    if (triedAtMs !== null && !this.#hasPassed(triedAtMs, callbackRetryMs)) return false
    this.#triedForCallbackAtMs = this.#options.clock().getTime()
    return true
  }

  /** Uses the absolute difference: a clock that was set back must not stop refreshes until it catches up. */
  #hasPassed(sinceMs: number, ms: number): boolean {
    return Math.abs(this.#options.clock().getTime() - sinceMs) >= ms
  }

  /**
   * Systemic when every answer is signed like this one: with a public key that is not configured, with
   * a certificate although we request our public key, or when the fetch of certificates failed for a
   * systemic reason. A serial that is only not listed may be that of one forged answer.
   */
  #missing(serial: string): Finding {
    const { publicKey } = this.#options
    const byPublicKey = serial.startsWith(publicKeyPrefix)
    const systemic = byPublicKey || publicKey !== null || this.#failure?.systemic === true
    const why = byPublicKey ? undefined : this.#failure?.why
    return { kind: 'missing', message: this.#whyMissing(serial), systemic, why }
  }

  #whyMissing(serial: string): string {
    const held = this.#certificates.get(serialKey(serial))
    const fault = held ? this.#lifeFault(held) : null
    const name = `serial "${shown(serial)}"`
    if (fault !== null) return `the certificate of ${name} ${fault}, by this machine's clock`
    const { publicKey } = this.#options
    if (serial.startsWith(publicKeyPrefix)) {
      const ours = publicKey === null ? 'none is configured' : `"${publicKey.id}" is configured`
      return `no key is held for ${name}: it is a public key, and ${ours}`
    }
    return `no key is held for ${name}${this.#failure ? ` (${this.#failure.message})` : ''}`
  }
}

export interface KeyRingOptions {
  readonly publicKey: { readonly id: string; readonly key: KeyObject } | null
  readonly fetchCertificates: () => Promise<OpenedCertificates | FetchFailure>
  readonly clock: Clock
  readonly emit: Emit
}

export interface FetchFailure extends UnknownAnswer {
  /** The gateway answered that this merchant has no certificates. */
  readonly noneListed?: boolean
}

export type Refresh = { readonly kind: 'refreshed' } | UnknownAnswer

export type Finding =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | {
      readonly kind: 'missing'
      readonly message: string
      readonly systemic: boolean
      /** Why the fetch of certificates failed, if it did. */
      readonly why?: UnknownWhy | undefined
    }

const publicKeyPrefix = 'PUB_KEY_ID_'

/** WeChat Pay requires a refresh at least this often. */
const refreshMs = 12 * 3_600_000

/** Answers signed with a key that is not listed must not cause fetches more often. */
const retryMs = 60_000

/** WeChat Pay repeats a callback for a day: eleven of its fifteen attempts come later than this. */
const callbackRetryMs = 600_000

const emitAgainMs = 3_600_000

/** Without any key no answer can be verified, so a failed first fetch is repeated sooner. */
const keylessRetryMs = 5_000

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}

function shown(serial: string): string {
  return /^[\w-]{1,64}$/.test(serial) ? serial : '(not a serial)'
}
