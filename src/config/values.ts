import { isIP, isIPv4 } from 'node:net'
import { z } from 'zod'
import { decoded } from '../servers/address-parts.ts'
import { mayHoldCredentials } from '../servers/addresses.ts'

/**
 * The kinds of value in a configuration. Each takes text, as YAML's failsafe schema and the
 * environment give it, and words its fault so that it reads after the key: `port: "x" is not …`.
 */

const text = z.string({ error: 'must be a single value, not a list or a mapping' })

/** Some systems (`docker --env-file`) hand over quotes as a part of the value. Null: there are none. */
export function quotesFault(value: string): string | null {
  return /^(["']).*\1$/s.test(value) ? 'is in quotes: take its quotes away' : null
}

/** A value as a fault may print it: quoted, in one line, cut short, and never a key or a password. */
export function shown(value: string): string {
  if (value.includes('-----BEGIN')) return `a key of ${value.length} characters`
  if ([value, decoded(value)].some(mayHoldCredentials)) return '"…"'
  // Longer than any sensible value, short enough that a fault stays one line on a screen.
  const lengthMax = 80
  const bare = withoutQuery(value)
  return JSON.stringify(bare.length > lengthMax ? `${bare.slice(0, lengthMax)}…` : bare)
}

/** Where keys and tokens stand in addresses: behind the `?` or `#` of any, and in words of a client's own. */
function withoutQuery(value: string): string {
  return value
    .replace(/^([^?#]*:\/\/[^?#]*[?#]).+$/s, '$1…')
    .replace(/([?#])[^=]*=.*$/s, '$1…')
    .replace(/\b(pass\w*|pwd|secret|token)\s*=.*$/is, '$1=…')
}

/**
 * A text that `check` finds no fault with.
 * @param check gives the fault's words, or null; it sees neither empty text nor outer blanks.
 */
export function textThat(check: (value: string) => string | null) {
  return text.transform((value, context) => {
    const trimmed = value.trim()
    const fault = trimmed === '' ? 'is empty: give a value or leave the key out' : check(trimmed)
    if (fault === null) return trimmed
    context.addIssue({ code: 'custom', message: fault })
    return z.NEVER
  })
}

export interface Bounds {
  readonly min: number
  readonly max: number
  /** Said after a bound that was crossed. */
  readonly note?: string
}

/** A number in plain decimals: no hexadecimal, exponent, blank, NaN or infinity. */
export function numberWithin(bounds: Bounds) {
  return textThat((value) => numberFault(value, bounds)).transform(Number)
}

export function integerWithin(bounds: Bounds) {
  return textThat((value) => {
    const fault = numberFault(value, bounds)
    return fault === null && value.includes('.') ? `${shown(value)} is not a whole number` : fault
  }).transform(Number)
}

/** What is wrong with a number in plain decimals; null: nothing. */
export function numberFault(value: string, { min, max, note }: Bounds): string | null {
  if (!/^-?(0|[1-9]\d*)(\.\d+)?$/.test(value)) return `${shown(value)} is not a plain number`
  const why = note === undefined ? '' : ` (${note})`
  if (Number(value) < min) return `${shown(value)} is below the least, ${min}${why}`
  if (Number(value) > max) return `${shown(value)} is above the most, ${max}${why}`
  return null
}

export const flag = z.stringbool({
  error: (issue) =>
    typeof issue.input === 'string'
      ? `${shown(issue.input)} is neither true nor false`
      : 'must be a single value, not a list or a mapping',
})

export function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, {
    error: (issue) =>
      typeof issue.input === 'string'
        ? `${shown(issue.input)} is not one of ${words.join(', ')}`
        : 'must be a single value, not a list or a mapping',
  })
}

/** What is wrong with a host to listen on; null: nothing. */
export function hostFault(value: string): string | null {
  const name = /^[0-9A-Za-z]([0-9A-Za-z.-]{0,251}[0-9A-Za-z])?$/
  return isIP(value) !== 0 || name.test(value) ? null : `${shown(value)} is not a host name or IP`
}

/** Whether only this machine can reach the host, a name or an address. */
export function isLoopback(host: string): boolean {
  const bare = host
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
    .replace(/^::ffff:(?=127\.)/, '')
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'))
}

/** What is wrong with an address that secrets are sent to, or that WeChat Pay calls; null: nothing. */
export function webAddressFault(value: string): string | null {
  // Before anything that prints the value: a password may be in it, also where `URL` finds none.
  if (value.includes('@')) return 'must not carry a user name or password'
  // `URL` takes line ends and tabs out, and a backslash for a slash.
  if (!URL.canParse(value) || /[\s\p{Cc}\\]/u.test(value)) return `${shown(value)} is not a URL`
  const url = new URL(value)
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return `${shown(value)} must be https (http is for loopback addresses only)`
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return `${shown(value)} is not https`
  if (value.includes('?')) return `${shown(value)} must not have a query string`
  if (value.includes('#')) return `${shown(value)} must not have a fragment`
  return null
}
