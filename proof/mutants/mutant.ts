/** What must catch a mutant: a named test, or the simulator. */
export type Proof =
  /** `name`: part of the full name of the tests that must pass on the program and fail on the mutant. */
  | { readonly test: string; readonly name: string }
  /** Number of seeds of the simulator, one of which must break an invariant. */
  | { readonly seeds: number }

/** A mistake that a developer could make, as one replacement in the source. */
export interface Mutant {
  readonly name: string
  /** The faults of docs/guarantees.md that it brings back. */
  readonly faults: readonly number[]
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
  readonly caughtBy: Proof
}
