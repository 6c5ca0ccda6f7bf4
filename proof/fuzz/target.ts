import type { Chance } from './chance.ts'
import type { Keys } from './keys.ts'

/** A part of the program that reads input from outside. */
export interface Target {
  readonly name: string
  /** Its share of all inputs. */
  readonly weight: number
  open(options: OpenOptions): Promise<OpenTarget>
}

export interface OpenOptions {
  readonly keys: Keys
  readonly seed: number
}

/** A target that is open for inputs. */
export interface OpenTarget {
  /** Makes one input, feeds it, and checks the result. Throws `Finding` if the result is wrong. */
  feed(chance: Chance): Promise<InputResult>
  /** Makes the checks that are too slow to make after each input. Throws `Finding`. */
  inspect?(): Promise<void>
  close(): Promise<void>
}

/** Whether the program accepted the input. Either may be right. */
export type InputResult = 'accepted' | 'rejected'

export type FindingKind =
  | 'crash'
  | 'wrong credit'
  | 'lost payment'
  | 'wrong answer'
  | 'leak'
  | 'hang'

/** A fault of the program. */
export class Finding extends Error {
  override readonly name = 'Finding'
  readonly kind: FindingKind
  /** The input that caused it; bytes as Base64. */
  readonly input: unknown

  constructor(kind: FindingKind, ...[message, input]: [message: string, input: unknown]) {
    super(`${kind}: ${message}`)
    this.kind = kind
    this.input = input
  }
}

/** Returns the result of `work`. An error, other than a finding, becomes a finding of a crash. */
export async function expectNoCrash<T>(input: unknown, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Finding) throw error
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    throw new Finding('crash', message, input)
  }
}
