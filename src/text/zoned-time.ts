/** Times of a database that have no zone, read and written in one that somebody states. */

/** What is wrong with the name of a zone; null: nothing. */
export function zoneFault(zone: string): string | null {
  if (fixedOffsetMs(zone) !== null) return null
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    // Node of some versions takes them, and others do not.
    if (!/^[+-]/.test(zone)) return null
  } catch {}
  return `${JSON.stringify(zone.slice(0, 40))} is no time zone, like Asia/Shanghai, UTC or +08:00`
}

/** `2026-01-24 15:00:00.123456`, as databases write it. */
const local = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?$/

/** The instant of a local time; null: it is none, as of the 30th of February. */
export function zonedTime(text: string, zone: string): Date | null {
  const [, ...parts] = local.exec(text) ?? []
  if (parts.length === 0) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(0, 6)
    .map((part) => Number(part ?? 0))
  const ms = Number((parts[6] ?? '').padEnd(3, '0').slice(0, 3))
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second, ms)
  const isOne = new Date(asUtc).toISOString().startsWith(text.slice(0, 10))
  if (!isOne || hour > 23 || minute > 59 || second > 59) return null
  // The offset at a time near by, and then the one at the time itself: daylight saving moves it.
  const near = asUtc - offsetMsAt(asUtc, zone)
  return new Date(asUtc - offsetMsAt(near, zone))
}

/** The local time of an instant, as a database takes it. */
export function localTime(at: Date, zone: string): string {
  return new Date(+at + offsetMsAt(+at, zone)).toISOString().slice(0, 23).replace('T', ' ')
}

/** Null: the zone is none of a fixed offset. */
function fixedOffsetMs(zone: string): number | null {
  if (zone === 'UTC' || zone === 'Z') return 0
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? []
  if (Number(hours) > 14 || Number(minutes) > 59 || sign === undefined) return null
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

function offsetMsAt(instantMs: number, zone: string): number {
  const fixed = fixedOffsetMs(zone)
  if (fixed !== null) return fixed
  const wholeMs = Math.floor(instantMs / 1000) * 1000
  const found = new Map(
    formatOf(zone)
      .formatToParts(wholeMs)
      .map(({ type, value }) => [type, value]),
  )
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = [
    'year',
    'month',
    'day',
    'hour',
    'minute',
    'second',
  ].map((type) => Number(found.get(type as Intl.DateTimeFormatPartTypes)))
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeMs
}

/** Making one takes a hundred times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  })
  formats.set(timeZone, made)
  return made
}
