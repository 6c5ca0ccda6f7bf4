import type { Way } from './postgres-address.ts'
import { RemediedError } from './remedied-error.ts'
import { notReady } from './session-client.ts'
import { NoHostError, ReadOnlyError, StoreError } from './store/errors.ts'
import { sqlStateOf } from './store/failure.ts'

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
    } catch (thrown) {
      const error = ofOtherCa(notReady(thrown), way)
      failures.push({ host: way.host, error })
      if (isFinal(error)) throw error
    }
  }
  throw summed(failures)
}

/** With a CA at hand, a certificate that nobody vouches for is of another one. */
function ofOtherCa(error: unknown, { config }: Way): unknown {
  const hasCa = typeof config.ssl === 'object' && config.ssl.ca !== undefined
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!hasCa || !(error instanceof Error) || !/SELF_SIGNED|^UNABLE_TO|CERT_SIGNATURE/.test(code))
    return error
  return new RemediedError(error.message, {
    remedy:
      'its certificate is not of the CA in sslrootcert: name the file of the one that made it',
    cause: error,
  })
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
