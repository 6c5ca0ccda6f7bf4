import { within } from '../deadline.ts'

/** The result of a read: a value, an error, or nothing in time. */
export type Timely<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'late' }

/** The value, where there was one in time. */
export function valueIn<T>(result: Timely<T>): T | null {
  return result.kind === 'answered' ? result.value : null
}

/** Callers that come while the work is under way get its result. */
export function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null
  return () => {
    underWay ??= work().finally(() => {
      underWay = null
    })
    return underWay
  }
}

/**
 * A read of the database that a viewer waits for, for a limited time. It never rejects, and runs one at a
 * time: many viewers of a database that hangs cost it no more than one.
 */
export function singleFlight<T>(
  read: () => Promise<T>,
  { patienceMs }: { readonly patienceMs: number },
): () => Promise<Timely<T>> {
  const flight = oneAtATime(() => resultOf(read))
  return () => within(patienceMs, flight()).catch(() => ({ kind: 'late' }))
}

async function resultOf<T>(read: () => Promise<T>): Promise<Timely<T>> {
  try {
    return { kind: 'answered', value: await read() }
  } catch (error) {
    return { kind: 'failed', error }
  }
}
