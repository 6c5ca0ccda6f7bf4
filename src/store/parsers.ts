/** PostgreSQL's type numbers (pg_type.oid), as fixed as its wire protocol. */
const int8 = 20
const timestamptz = 1184

/**
 * How both drivers read what they would read differently: `bigint` is a string to pg and a number
 * to PGlite. Everything else that we select (text, integer, boolean, float8, json) they agree on.
 */
export const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [int8]: (text) => BigInt(text),
  [timestamptz]: (text) => new Date(isoOf(text)),
}

/** "2026-01-24 07:00:00.123+00" or "…+05:30" → what every Date parser agrees on. */
function isoOf(text: string): string {
  const iso = text.replace(' ', 'T')
  return /[+-]\d\d$/.test(iso) ? `${iso}:00` : iso
}
