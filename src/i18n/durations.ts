import { dayMs, hourMs, minuteMs } from '../text/time-units.ts'
import { catalog, type Locale } from './locale.ts'

const unitsOf = catalog({
  en: { d: 'd', h: 'h', min: 'min', s: 's', ms: 'ms' },
  zh: { d: '天', h: '小时', min: '分钟', s: '秒', ms: '毫秒' },
})

/** The largest first. */
export const units = [
  ['d', dayMs],
  ['h', hourMs],
  ['min', minuteMs],
  ['s', 1000],
] as const

/** At most the two largest units that are not zero: `3 d 4 h`, `5 min`, `1.2 s`, `80 ms`. */
export function durationText(ms: number, locale: Locale): string {
  const names = unitsOf(locale)
  if (ms < 1000) return `${Math.round(ms)} ${names.ms}`
  if (ms < 10_000) return `${Number((ms / 1000).toFixed(1))} ${names.s}`
  const first = units.findIndex(([, unitMs]) => ms >= unitMs)
  const parts = units.slice(first, first + 2).map(([name, unitMs], at) => {
    const rest = at === 0 ? ms : ms % (units[first]?.[1] ?? ms)
    return [Math.floor(rest / unitMs), names[name]] as const
  })
  return parts
    .filter(([count]) => count > 0)
    .map((part) => part.join(' '))
    .join(' ')
}

/** The same in whole seconds, for a time that changes while it is read: `8 s`. */
export function countdownText(ms: number, locale: Locale): string {
  return durationText(Math.max(1, Math.ceil(ms / 1000)) * 1000, locale)
}

/** `12 a second`, `1.9 a minute`: in the unit that needs no zeros after the decimal point. */
export function rateText(perSec: number, locale: Locale): string {
  const [perSecond, perMinute] = ratesOf(locale)
  if (perSec >= 10) return perSecond(Math.round(perSec))
  if (perSec >= 0.1 || perSec === 0) return perSecond(Number(perSec.toFixed(1)))
  return perMinute(Number((perSec * 60).toFixed(1)))
}

const ratesOf = catalog({
  en: [(count: number) => `${count} a second`, (count: number) => `${count} a minute`] as const,
  zh: [(count) => `每秒 ${count} 个`, (count) => `每分钟 ${count} 个`],
})
