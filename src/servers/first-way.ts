import { NoHostError, ReadOnlyError, StoreError } from '../store/errors.ts'
import { sqlStateOf } from '../store/failure.ts'
import type { Way } from './postgres-address.ts'

interface Failure {
  readonly host: string
  readonly error: unknown
}

/** The first way by which it works. What is thrown tells of each that did not. */
export async function firstWay<W extends Way, T>(
  ways: readonly W[],
  attempt: (way: W) => Promise<T>,
): Promise<T> {
  const failures: Failure[] = []
  for (const way of ways) {
    if (way.isFallback && !saysNoTls(failures.at(-1))) continue
    try {
      return await attempt(way)
    } catch (error) {
      failures.push({ host: way.host, error })
      if (isFinal(error)) throw error
    }
  }
  throw summed(failures)
}

/** In the client's own words. */
function saysNoTls(last: Failure | undefined): boolean {
  return last?.error instanceof Error && /does not support SSL/.test(last.error.message)
}

/**
 * As PostgreSQL's clients have it: after a server that answered and let us not in, no other one is
 * asked. Nor after one that lets us in and cannot be used, nor where our own pool is full or closed.
 */
function isFinal(error: unknown): boolean {
  if (error instanceof StoreError) return !(error instanceof ReadOnlyError)
  const isOfThePool =
    error instanceof Error &&
    /exceeded when trying to connect|after calling end/.test(error.message)
  return isOfThePool || /^28/.test(sqlStateOf(error) ?? '')
}

function summed(failures: readonly Failure[]): unknown {
  const hosts = new Set(failures.map(({ host }) => host))
  return hosts.size < 2 ? failures.at(-1)?.error : new NoHostError(failures)
}
