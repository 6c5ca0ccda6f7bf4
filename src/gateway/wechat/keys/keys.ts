import type { KeyObject } from 'node:crypto'
import { unlessAborted } from '../../../deadline.ts'
import type { Clock } from '../../../domain/clock.ts'
import type { Emit } from '../../../domain/event.ts'
import type { UnknownAnswer, UnknownWhy } from '../../../domain/trade.ts'
import { serialKey } from '../../../text/serial.ts'
import type { Certificate, OpenedCertificates } from './certificates.ts'

/**
 * WeChat Pay's keys by serial: its public key, its platform certificates, or both at once while a
 * merchant moves from the second to the first.
 *
 *   (none) ──first use──► held ──12 h, or an unknown serial──► replaced by what is listed then
 *
 * Anybody can send a callback with a made-up serial, so callbacks have a budget of their own for
 * fetches: see `findForCallback`.
 */
export class KeyRing {
  readonly #options: KeyRingOptions
  #certificates: ReadonlyMap<string, Certificate> = new Map()
  #fetchedAtMs: number | null = null
  #triedAtMs: number | null = null
  #flight: Promise<Refresh> | null = null
  #failure: FetchFailure | null = null
  #toldAtMs: number | null = null
  #triedForCallbackAtMs: number | null = null

  constructor(options: KeyRingOptions) {
    this.#options = options
  }

  /** The key that `serial` names. Asks for the list of certificates when it may have changed. */
  find(serial: string, signal: AbortSignal): Promise<Finding> {
    return this.#find(serial, { signal, mayFetch: () => this.#mayRefresh() })
  }

  /**
   * The same for a message that nobody asked for: an unknown serial causes at most one fetch in ten
   * minutes, and none where the gateway said that there are no certificates and a public key is
   * used. So a certificate that WeChat Pay begins to use without having listed it 12 h before may be
   * unknown to callbacks for ten minutes, if made-up serials came just then; WeChat Pay sends them
   * again for a day, and any answer that is signed by it makes it known at once.
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
    // Public keys are put into the configuration by hand; nothing can be fetched.
    if (serial.startsWith(publicKeyPrefix)) return this.#missing(serial)
    const held = this.#held(serial)
    if (held) {
      if (this.#agedMs() >= refreshMs && this.#mayRefresh()) {
        // In the background: what it brings is told by its events.
        this.refresh().catch(() => undefined)
      }
      return { kind: 'key', key: held.key }
    }
    if (this.#flight || mayFetch()) await unlessAborted(this.refresh(), signal)
    const fetched = this.#held(serial)
    return fetched ? { kind: 'key', key: fetched.key } : this.#missing(serial)
  }

  /** Fetches the list now, or joins the fetch that is under way. */
  refresh(): Promise<Refresh> {
    this.#flight ??= this.#refreshOnce().finally(() => {
      this.#flight = null
    })
    return this.#flight
  }

  /** Resolves when no fetch is under way. */
  async settled(): Promise<void> {
    await this.#flight
  }

  async #refreshOnce(): Promise<Refresh> {
    const { clock, emit, fetchCertificates } = this.#options
    this.#triedAtMs = clock().getTime()
    const fetched = await fetchCertificates()
    if (fetched.kind === 'unknown') {
      this.#tellFailure(fetched)
      this.#failure = fetched
      return fetched
    }
    this.#failure = null
    this.#toldAtMs = null
    this.#fetchedAtMs = clock().getTime()
    this.#certificates = new Map(fetched.certificates.map((each) => [serialKey(each.serial), each]))
    emit({
      type: 'gateway_keys_refreshed',
      serials: fetched.certificates.map(({ serial }) => serial),
    })
    return { kind: 'refreshed' }
  }

  /** Once, and again when its cause changes or an hour has passed: whoever asks may ask often. */
  #tellFailure(failure: FetchFailure): void {
    const { clock, emit } = this.#options
    const isSame = this.#failure !== null && this.#failure.cause === failure.cause
    if (isSame && this.#toldAtMs !== null && !this.#hasPassed(this.#toldAtMs, tellAgainMs)) return
    this.#toldAtMs = clock().getTime()
    emit({ type: 'gateway_keys_failed', message: failure.message })
  }

  #held(serial: string): Certificate | null {
    const certificate = this.#certificates.get(serialKey(serial))
    return certificate && this.#lifeFault(certificate) === null ? certificate : null
  }

  /** By this machine's clock; null: it is in its life. */
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

  /** Absolute: a clock that was set back must not stop refreshes until it catches up. */
  #hasPassed(sinceMs: number, ms: number): boolean {
    return Math.abs(this.#options.clock().getTime() - sinceMs) >= ms
  }

  /**
   * Systemic when every answer will be signed like this one: by a public key that we were not
   * given, by a certificate although we ask for our public key, or when the fetch of certificates
   * failed for such a reason. A serial that merely is not listed may be one forged answer.
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
  /** The gateway said that this merchant has no certificates. */
  readonly noneListed?: boolean
}

export type Refresh = { readonly kind: 'refreshed' } | UnknownAnswer

export type Finding =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | {
      readonly kind: 'missing'
      readonly message: string
      readonly systemic: boolean
      /** Where the fetch that should have brought it failed: why. */
      readonly why?: UnknownWhy | undefined
    }

const publicKeyPrefix = 'PUB_KEY_ID_'

/** WeChat Pay asks for a refresh at least this often. */
const refreshMs = 12 * 3_600_000

/** Answers by a key that is not listed must not make us ask more often. */
const retryMs = 60_000

/** WeChat Pay sends a callback again for a day: eleven of its fifteen tries come later than this. */
const callbackRetryMs = 600_000

const tellAgainMs = 3_600_000

/** Without any key nothing works, so a failed first fetch is repeated sooner. */
const keylessRetryMs = 5_000

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}

function shown(serial: string): string {
  return /^[\w-]{1,64}$/.test(serial) ? serial : '(not a serial)'
}
