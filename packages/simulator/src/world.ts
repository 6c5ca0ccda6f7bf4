import type { KeyObject } from 'node:crypto'
import type { RequestLog } from './api/request-log.ts'
import type { Chance } from './chance.ts'
import type { SimulatorClock } from './clock.ts'
import type { Rules } from './faults/rules.ts'
import type { Keyring } from './keys/keyring.ts'
import type { Book } from './orders/book.ts'
import type { Switches } from './switches.ts'

/** The state of one running simulator, without the sender of callbacks: see `NotifyingWorld`. */
export interface World {
  readonly mchid: string
  readonly appid: string
  /** App ids that are bound to the merchant number, `appid` first. */
  readonly appids: readonly string[]
  readonly apiV3Key: string
  readonly merchantPublicKey: KeyObject
  readonly merchantSerialNo: string
  /** The factor by which WeChat Pay's own waits are shortened. */
  readonly timeScale: number
  readonly clock: SimulatorClock
  /** The time of signatures, both ways; milliseconds since 1970. */
  readonly signatureNow: () => number
  readonly chance: Chance
  readonly keyring: Keyring
  readonly book: Book
  readonly rules: Rules
  readonly log: RequestLog
  /** Changed in place. */
  readonly switches: Switches
  /** Aborts when the simulator stops. */
  readonly stopping: AbortSignal
}
