/** At least to the second, with an offset. The pattern does not check the day of the month. */
const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** More digits than any clock has; longer texts are not read. */
const lengthMax = 64

/**
 * A point in time as RFC 3339 writes it, of the years 2000 to 2099 (UTC); null for anything else.
 * No order is older than its gateway, and no database has a year 10000. `new Date` alone would
 * take the 30th of February for a day in March.
 */
export function readTime(text: string): Date | null {
  const [, year, month, day] = text.length > lengthMax ? [] : (rfc3339.exec(text) ?? [])
  if (!isDay(Number(year), Number(month), Number(day))) return null
  const time = new Date(text)
  return isStorableTime(time) ? time : null
}

/** Whether it is such a time. */
export function isStorableTime(time: Date): boolean {
  const utcYear = time.getUTCFullYear()
  return utcYear >= 2000 && utcYear < 2100
}

/** Whether the month has that day. */
function isDay(...[year, month, day]: [number, number, number]): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
