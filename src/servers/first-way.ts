import type { Way } from './postgres-address.ts'
import { remedyFor, wordsOf } from './postgres-remedies.ts'
import { RemediedError } from './remedied-error.ts'
import { notReady } from './session-client.ts'
import { sqlStateOf } from './sql-state.ts'

/** What the errors of an attempt mean to the caller. */
export interface ErrorRules {
  /** No other host is tried after such an error. */
  readonly isFinal: (error: unknown) => boolean
  readonly describe: (error: unknown) => string
  /** The next step; null: none is known. */
  readonly remedyOf: (error: unknown) => string | null
}

interface Failure {
  readonly host: string
  readonly error: unknown
}

/** What each of several hosts answered, and what to do about each. */
export class NoHostError extends RemediedError {
  override readonly name = 'NoHostError'
}

/** Connects by the first way that works. The error names each host that did not. */
export async function firstWay<W extends Way, T>(
  ways: readonly W[],
  attempt: (way: W) => Promise<T>,
  rules: ErrorRules = plainRules,
): Promise<T> {
  const failures: Failure[] = []
  for (const way of ways) {
    if (way.isFallback && !saysNoTls(failures.at(-1)?.error)) continue
    try {
      return await attempt(way)
    } catch (thrown) {
      const error = ofOtherCa(notReady(thrown), way)
      failures.push({ host: way.host, error })
      if (rules.isFinal(error)) throw error
    }
  }
  const hosts = new Set(failures.map(({ host }) => host))
  throw hosts.size < 2 ? failures.at(-1)?.error : noHost(failures, rules)
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
function saysNoTls(error: unknown): boolean {
  return error instanceof Error && /does not support SSL/.test(error.message)
}

function noHost(failures: readonly Failure[], { describe, remedyOf }: ErrorRules): NoHostError {
  const details = failures.map(({ host, error }) => `${host}: ${describe(error)}`)
  const remedies = failures.flatMap(({ host, error }) => {
    const remedy = remedyOf(error)
    return remedy === null ? [] : [{ host, remedy }]
  })
  return new NoHostError(`none of the hosts will do (${details.join('; ')})`, {
    remedy: joined(remedies, failures.length),
  })
}

/** Said once where it is the same for all. */
function joined(
  remedies: readonly { readonly host: string; readonly remedy: string }[],
  hosts: number,
): string | null {
  const [first] = remedies
  if (first === undefined) return null
  const isOne = remedies.length === hosts && remedies.every(({ remedy }) => remedy === first.remedy)
  return isOne ? first.remedy : remedies.map(({ host, remedy }) => `${host}: ${remedy}`).join('; ')
}

/**
 * PostgreSQL's own clients try no other host after a server that answered and refused the login. Nor
 * does another host help where our own pool is full or closed.
 */
function isRefusal(error: unknown): boolean {
  const isOfThePool =
    error instanceof Error &&
    /exceeded when trying to connect|after calling end/.test(error.message)
  return isOfThePool || /^28/.test(sqlStateOf(error) ?? '')
}

/** For errors of the client itself. */
export const plainRules: ErrorRules = {
  isFinal: isRefusal,
  describe: wordsOf,
  remedyOf: (error) => remedyFor(error, wordsOf(error)),
}
