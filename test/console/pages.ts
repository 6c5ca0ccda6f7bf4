import type { Showcase } from '../../proof/screenshots/showcase.ts'

/**
 * Every page that somebody who is logged in can be on, in the world of `fillShowcase`: what is required
 * of all pages is checked on these. Who adds a page adds it here.
 */
export function pagesOf(showcase: Showcase): readonly string[] {
  return [
    '/',
    '/orders',
    '/orders?status=review',
    '/orders?q=nobody',
    `/orders/${showcase.paidByRun}`,
    `/orders/${showcase.paidLate}`,
    `/orders/${showcase.shortInReview}`,
    `/orders/${showcase.waiting}`,
    '/runs',
    `/runs/${showcase.runId}`,
    '/reviews',
    `/reviews/${showcase.shortInReview}`,
    '/exceptions',
    '/exceptions?state=closed&kind=review',
    '/exceptions?state=all',
    `/exceptions/${showcase.exceptionId}`,
    '/accounts',
    `/accounts/${showcase.userId}`,
    '/audit',
    '/sessions',
    '/nowhere',
  ]
}
