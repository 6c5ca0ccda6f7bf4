/**
 * What we did wrong, as against what the world does (which is a value, or an `ExpectedError`). It stops the one order at
 * hand and lets the run go on.
 */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/**
 * What was attempted cannot be done, for a cause outside the program. The message says all of it, to the
 * person who attempted it.
 */
export class ExpectedError extends Error {}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** The end of a `switch` over a closed set. */
export function unreachable(value: never): never {
  throw new AssertionError(`Unlisted case: ${JSON.stringify(value)}`)
}
