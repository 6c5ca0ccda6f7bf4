import { isStorableTime } from './rfc3339.ts'

/** China's time, which WeChat Pay uses. It has no daylight saving. */
const offsetMs = 8 * 3_600_000

/** `2026-01-24T15:00:00+08:00`: what sentences and tables for people say. Programs get UTC. */
export function shanghaiTime(at: Date): string {
  return `${new Date(+at + offsetMs).toISOString().slice(0, 19)}+08:00`
}

/** `2026-01-24`: the day of a bill. */
export function shanghaiDay(at: Date): string {
  return new Date(+at + offsetMs).toISOString().slice(0, 10)
}

/**
 * `2026-01-24 15:00:00`, in Shanghai, without an offset: how bills and exports write it. Null for
 * anything else, and for years that no order is of. By its digits and not by patterns, because a bill
 * has a million of them.
 */
export function readShanghaiTime(text: string): Date | null {
  if (text.length !== 19) return null
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)]
  const [hour, minute, second] = [digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)]
  const marks = text[4] === '-' && text[7] === '-' && text[13] === ':' && text[16] === ':'
  const isTime = hour < 24 && minute < 60 && second < 60
  if (!marks || (text[10] !== ' ' && text[10] !== 'T') || !isTime) return null
  const midnight = new Date(Date.UTC(year, month - 1, day))
  const isDay = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day
  const time = new Date(+midnight + ((hour * 60 + minute) * 60 + second) * 1000 - offsetMs)
  return isDay && isStorableTime(time) ? time : null
}

/** NaN where one of them is no digit. */
function digits(text: string, ...[start, count]: [start: number, count: number]): number {
  let value = 0
  for (let at = start; at < start + count; at += 1) {
    const digit = text.charCodeAt(at) - 48
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
  }
  return value
}
