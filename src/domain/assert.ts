/**
 * What we did wrong, as against what the world does (which is a value). It stops the one order at
 * hand and lets the run go on.
 */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** The end of a `switch` over a closed set. */
export function unreachable(value: never): never {
  throw new AssertionError(`Unlisted case: ${JSON.stringify(value)}`)
}
