import { isIP, isIPv4 } from 'node:net'
import { z } from 'zod'
import { decoded } from '../servers/address-parts.ts'
import { mayHoldCredentials } from '../servers/addresses.ts'
import { readTime } from '../text/rfc3339.ts'

/**
 * The kinds of value in a configuration. Each takes text, as YAML's failsafe schema and the environment
 * give it. Its faults are worded to follow the key: `port: "x" is not …`.
 */

const text = z.string({
  error: ({ input }) =>
    input === undefined ? 'not set' : 'must be a single value, not a list or a mapping',
})

/** Some programs (`docker --env-file`) pass quotes as part of the value. Null: there are no quotes. */
export function quotesFault(value: string): string | null {
  return /^(["']).*\1$/s.test(value) ? 'is in quotes: take its quotes away' : null
}

/**
 * Checks a secret for quotes first: the other faults do not show the value, so nobody would see the
 * quotes.
 */
export function unquoted(faultOf: (value: string) => string | null) {
  return (value: string) => {
    const quoted = value.length > 1 ? quotesFault(value) : null
    return quoted === null ? faultOf(value) : `a value of ${value.length} characters ${quoted}`
  }
}

/** A value for a fault: quoted, on one line, shortened, and without keys and passwords. */
export function shown(value: string): string {
  if (value.includes('-----BEGIN')) return `a key of ${value.length} characters`
  if ([value, decoded(value)].some(mayHoldCredentials)) return '"…"'
  // Longer than any sensible value, and short enough that a fault fits on one line of a screen.
  const lengthMax = 80
  const bare = withoutQuery(value)
  return JSON.stringify(bare.length > lengthMax ? `${bare.slice(0, lengthMax)}…` : bare)
}

/** Hides keys and tokens of addresses: after `?` or `#`, and in a driver's `password=…` form. */
function withoutQuery(value: string): string {
  return value
    .replace(/^([^?#]*:\/\/[^?#]*[?#]).+$/s, '$1…')
    .replace(/([?#])[^=]*=.*$/s, '$1…')
    .replace(/\b(pass\w*|pwd|secret|token)\s*=.*$/is, '$1=…')
}

/**
 * A text for which `check` returns no fault.
 * @param check returns the fault, or null. Its input is trimmed and not empty.
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
  /** Added to the fault of a value outside the bounds. */
  readonly note?: string
}

/** A number in plain decimals. Hexadecimal, exponents, blanks, NaN and infinity are faults. */
export function numberWithin(bounds: Bounds) {
  return textThat((value) => numberFault(value, bounds)).transform(Number)
}

export function integerWithin(bounds: Bounds) {
  return textThat((value) => {
    const fault = numberFault(value, bounds)
    return fault === null && value.includes('.') ? `${shown(value)} is not a whole number` : fault
  }).transform(Number)
}

/** The fault of a number in plain decimals; null: none. */
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
        : issue.input === undefined
          ? 'not set'
          : 'must be a single value, not a list or a mapping',
  })
}

/** The name of an item of a list. @param what it is the name of. */
export function itemName(what: string) {
  return textThat((value) =>
    /^[a-z][a-z0-9-]{0,31}$/.test(value)
      ? null
      : `${shown(value)} is no name of ${what}: 1 to 32 of a-z 0-9 -, the first a letter`,
  )
}

/** Reports an item of a list whose value another one before it has: `says` words it, of that one. */
export function eachOnce<Key extends string, Item extends Readonly<Record<Key, unknown>>>(
  key: Key,
  says: (other: Item) => string,
) {
  return (items: readonly Item[], context: z.RefinementCtx): void => {
    for (const [at, item] of items.entries()) {
      const other = items.slice(0, at).find((before) => before[key] === item[key])
      if (other === undefined) continue
      context.addIssue({ code: 'custom', path: [at, key], message: says(other) })
    }
  }
}

/** A date is the beginning of that day in Shanghai. Null: it is neither. */
export function dateOrTime(value: string): Date | null {
  return readTime(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00+08:00` : value)
}

export function hostFault(value: string): string | null {
  const name = /^[0-9A-Za-z]([0-9A-Za-z.-]{0,251}[0-9A-Za-z])?$/
  return isIP(value) !== 0 || name.test(value) ? null : `${shown(value)} is not a host name or IP`
}

/** Whether only this machine can reach the host, which is a name or an address. */
export function isLoopback(host: string): boolean {
  const bare = host
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
    .replace(/^::ffff:(?=127\.)/, '')
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'))
}

/** The fault of a URL that secrets are sent to, or that WeChat Pay calls; null: none. */
export function webAddressFault(value: string): string | null {
  // Before any check that prints the value: it may contain a password even where `URL` finds none.
  if (value.includes('@')) return 'must not carry a user name or password'
  // `URL` removes line ends and tabs, and treats a backslash as a slash.
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
