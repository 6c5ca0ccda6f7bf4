/** A violated invariant. */
export interface Failure {
  readonly invariant: string
  readonly message: string
}

/** Keeps the first failure only: later ones usually follow from it. */
export class Verdict {
  failure: Failure | null = null

  fail(invariant: string, message: string): void {
    this.failure ??= { invariant, message }
  }
}
