import type { Locale } from '../../src/i18n/locale.ts'
import type { Showcase } from './showcase.ts'

/** One image of the documentation. */
export interface Shot {
  /** Of its file, without `.png`. */
  readonly name: string
  readonly path: string
  readonly locale: Locale
  readonly theme: 'light' | 'dark'
  /** Of the window, and so of the image. */
  readonly width: number
  readonly height: number
}

const desktop = { width: 1200, height: 1000 }
/** Down to the charts. */
const long = { width: 1200, height: 1500 }
const phone = { width: 390, height: 844 }

export function shotsOf(showcase: Showcase): readonly Shot[] {
  const order = `/orders/${showcase.paidLate}`
  const review = `/reviews/${showcase.shortInReview}`
  const run = `/runs/${showcase.runId}`
  return [
    { name: 'overview', path: '/', locale: 'en', theme: 'light', ...long },
    { name: 'overview-dark', path: '/', locale: 'en', theme: 'dark', ...long },
    { name: 'overview-zh', path: '/', locale: 'zh', theme: 'light', ...long },
    { name: 'order', path: order, locale: 'en', theme: 'light', ...desktop },
    { name: 'order-zh', path: order, locale: 'zh', theme: 'dark', ...desktop },
    { name: 'review', path: review, locale: 'en', theme: 'light', ...desktop },
    { name: 'review-zh', path: review, locale: 'zh', theme: 'light', ...desktop },
    { name: 'run', path: run, locale: 'en', theme: 'light', ...desktop },
    { name: 'runs-zh', path: '/runs', locale: 'zh', theme: 'light', ...desktop },
    { name: 'phone-zh', path: '/', locale: 'zh', theme: 'light', ...phone },
  ]
}
