import type { Chance } from './chance.ts'
import type { Keys } from './keys.ts'

/** A part of the program that strangers feed. */
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

/** A target that is being fed. */
export interface OpenTarget {
  /** Makes one input, feeds it, and judges what came of it. Throws `Finding` for what must not be. */
  feed(chance: Chance): Promise<InputResult>
  /** What is too dear to look at after each input. Throws `Finding`. */
  inspect?(): Promise<void>
  close(): Promise<void>
}

/** Whether the input was taken for something, or turned away. Either may be right. */
export type InputResult = 'accepted' | 'rejected'

export type FindingKind =
  | 'crash'
  | 'wrong credit'
  | 'lost payment'
  | 'wrong answer'
  | 'leak'
  | 'hang'

/** The program did what it must not. */
export class Finding extends Error {
  override readonly name = 'Finding'
  readonly kind: FindingKind
  /** What it was fed, so that it can be looked at; bytes as Base64. */
  readonly input: unknown

  constructor(kind: FindingKind, ...[message, input]: [message: string, input: unknown]) {
    super(`${kind}: ${message}`)
    this.kind = kind
    this.input = input
  }
}

/** What `work` comes to; whatever it throws is a crash. */
export async function expectNoCrash<T>(input: unknown, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Finding) throw error
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    throw new Finding('crash', message, input)
  }
}
