/** PostgreSQL's type numbers (pg_type.oid), as fixed as its wire protocol. */
const int8 = 20
const timestamptz = 1184

/**
 * How both drivers read what they would read differently: `bigint` is a string to pg and a number
 * to PGlite. Everything else that we select (text, integer, boolean, float8, json) they agree on.
 */
export const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [int8]: (text) => BigInt(text),
  [timestamptz]: timeOf,
}

/**
 * "2026-01-24 07:00:00.123+00", in the time zone of the session: offsets may have minutes, and
 * seconds before time zones were agreed on (Shanghai in 1900: +08:05:43), which Date cannot parse.
 */
function timeOf(text: string): Date {
  // Nearly every server's, and much faster.
  if (text.endsWith('+00')) return new Date(`${text.slice(0, -3).replace(' ', 'T')}Z`)
  const [, local = '', sign, hours, minutes, seconds] = timePattern.exec(text) ?? []
  const offsetS = Number(hours) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
  const utcMs = Date.parse(`${local.replace(' ', 'T')}Z`)
  return new Date(utcMs - (sign === '-' ? -offsetS : offsetS) * 1000)
}

const timePattern = /^(.*)([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/
