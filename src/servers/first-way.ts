import type { Way } from './postgres-address.ts'
import { sqlStateOf } from './sql-state.ts'

/** What the errors of an attempt mean to the caller. */
interface ErrorRules {
  /** No other host is tried after such an error. */
  readonly isFinal: (error: unknown) => boolean
  readonly describe: (error: unknown) => string
}

/** What each of several hosts answered. */
export class NoHostError extends Error {
  override readonly name = 'NoHostError'
}

/** Connects by the first way that works. The error names each host that did not. */
export async function firstWay<W extends Way, T>(
  ways: readonly W[],
  attempt: (way: W) => Promise<T>,
  { isFinal, describe }: ErrorRules = plainRules,
): Promise<T> {
  const failures: { readonly host: string; readonly error: unknown }[] = []
  for (const way of ways) {
    if (way.isFallback && !saysNoTls(failures.at(-1)?.error)) continue
    try {
      return await attempt(way)
    } catch (error) {
      failures.push({ host: way.host, error })
      if (isFinal(error)) throw error
    }
  }
  const hosts = new Set(failures.map(({ host }) => host))
  if (hosts.size < 2) throw failures.at(-1)?.error
  const details = failures.map(({ host, error }) => `${host}: ${describe(error)}`)
  throw new NoHostError(`none of the hosts will do (${details.join('; ')})`)
}

/** In the client's own words. */
function saysNoTls(error: unknown): boolean {
  return error instanceof Error && /does not support SSL/.test(error.message)
}

/**
 * PostgreSQL's own clients try no other host after a server that answered and refused the login. Nor
 * does another host help where our own pool is full or closed.
 */
export function isRefusal(error: unknown): boolean {
  const isOfThePool =
    error instanceof Error &&
    /exceeded when trying to connect|after calling end/.test(error.message)
  return isOfThePool || /^28/.test(sqlStateOf(error) ?? '')
}

export function describeError(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}

const plainRules: ErrorRules = { isFinal: isRefusal, describe: describeError }
