import { ConfigError } from '../config/fault.ts'
import { type Redact, redactorOf } from '../config/redact.ts'
import { secretsInAddress } from '../servers/addresses.ts'
import { remedyFor, wordsOf } from '../servers/postgres-remedies.ts'
import { RemediedError } from '../servers/remedied-error.ts'
import { SourceError } from './source.ts'

/** MySQL's and MariaDB's numbers, for their names differ. The first that fits. */
const mysqlRemedies: Readonly<Record<number, string>> = {
  1045: 'correct user and password in its url',
  1698: 'correct user and password in its url',
  1044: 'grant this user the right to read: `grant select on DATABASE.TABLE`',
  1142: 'grant this user the right to read: `grant select on DATABASE.TABLE`',
  1143: 'grant this user the right to read each column that the mapping names',
  1049: "correct the database's name in its url",
  1040: 'the server has no connection left for us: try later, or allow more',
  1969: timeoutRemedy(),
  3024: timeoutRemedy(),
}

function timeoutRemedy(): string {
  return 'it was ended after 5 s: create the index that `budan sources` names'
}

const nodeRemedies: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there: start the server, or correct host and port',
  ENOTFOUND: 'no such host is known: correct its name in the url',
  ETIMEDOUT: 'it takes no connection in time: a firewall may drop what is sent there',
  HANDSHAKE_NO_SSL_SUPPORT: 'it offers no TLS: leave sslmode out of the url',
}

/** 08, 57P01 and the like; and what the system says of a connection that was cut. */
const transientCodes =
  /^(08...|57P0[123]|53300|40...|ECONN.*|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|PROTOCOL_.*|1040|1053|1077|1205|1213|2006|2013)$/

/** Runs `work`; what goes wrong in the database becomes a SourceError that names the attempt. */
export async function attemptAt<T>(
  { url, action }: { readonly url: string; readonly action: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SourceError || error instanceof ConfigError) throw error
    const redact = redactorOf(secretsInAddress(url))
    throw failureOf(error, { action, redact, isMysql: /^(mysql|mariadb):/.test(url) })
  }
}

function failureOf(
  error: unknown,
  { action, redact, isMysql }: { action: string; redact: Redact; isMysql: boolean },
): SourceError {
  const words = redact(wordsOf(error))
  const remedy = isMysql ? mysqlRemedy(error) : postgresRemedy(error, words)
  const message = `Cannot ${action}: ${words}${remedy === null ? '' : `; ${remedy}`}`
  return new SourceError(message, { isTransient: isTransient(error), cause: plain(words) })
}

function mysqlRemedy(error: unknown): string | null {
  if (error instanceof RemediedError) return error.remedy
  return mysqlRemedies[numberOf(error)] ?? nodeRemedies[codeOf(error)] ?? null
}

function postgresRemedy(error: unknown, words: string): string | null {
  if (error instanceof RemediedError) return error.remedy
  if (codeOf(error) === '57014') return timeoutRemedy()
  if (codeOf(error) === '42501') return 'grant this user the right to read: `grant select on TABLE`'
  return remedyFor(error, words)
}

function isTransient(error: unknown): boolean {
  const isLost =
    error instanceof Error &&
    /terminated unexpectedly|no answer within|read timeout|timeout exceeded|timeout expired|Connection ended/i.test(
      error.message,
    )
  return (
    isLost || transientCodes.test(codeOf(error)) || transientCodes.test(String(numberOf(error)))
  )
}

/** The server ended the statement by our time limit. */
export function isOverLimit(error: unknown): boolean {
  return codeOf(error) === '57014' || [1969, 3024].includes(numberOf(error))
}

/** Drivers hang statements and values on their errors. */
function plain(words: string): Error {
  return new Error(words)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function numberOf(error: unknown): number {
  return error instanceof Error && 'errno' in error ? Number(error.errno) : 0
}
