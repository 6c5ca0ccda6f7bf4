/** An invariant that did not hold. */
export interface Failure {
  readonly invariant: string
  readonly message: string
}

/** The first thing that went wrong: what follows from it is not worth reading. */
export class Verdict {
  failure: Failure | null = null

  fail(invariant: string, message: string): void {
    this.failure ??= { invariant, message }
  }
}
