/** Draws many orders, and measures them under one schedule. */

import { Random } from '../../proof/sim/clock/random.ts'
import { minuteMs } from '../../src/text/time-units.ts'
import { percentile } from '../figure.ts'
import type { Payers } from './payers.ts'
import { defaultPolicy } from './setting.ts'
import type { DrawnOrder, Simulate } from './simulate-order.ts'

/** Midnight in UTC, at which a slot of any usual width begins. */
const dayBeganAt = Date.UTC(2026, 0, 24)
const hourMs = 60 * minuteMs

/** Paid orders, placed at random moments of one hour. Their callbacks are lost. */
export function drawPaid(
  { payAfterMins }: Payers,
  { seed, count }: { seed: number; count: number },
): readonly DrawnOrder[] {
  const random = new Random(seed, 1)
  return Array.from({ length: count }, () => {
    const createdAt = drawMoment(random)
    return { createdAt, paidAt: createdAt + drawWithinLife(random, payAfterMins) }
  })
}

export function drawAbandoned({
  seed,
  count,
}: {
  seed: number
  count: number
}): readonly DrawnOrder[] {
  const random = new Random(seed, 2)
  return Array.from({ length: count }, () => ({ createdAt: drawMoment(random), paidAt: null }))
}

/** The minutes from each payment until it is seen. */
export function waitsOf(simulate: Simulate, drawnOrders: readonly DrawnOrder[]): readonly number[] {
  return drawnOrders.map((drawn) => {
    const { seenAt } = simulate(drawn)
    if (seenAt === null || drawn.paidAt === null) throw new Error('A payment was never seen')
    return (seenAt - drawn.paidAt) / minuteMs
  })
}

export interface Waits {
  /** In minutes. */
  readonly p50: number
  readonly p99: number
}

export function percentilesOf(waits: readonly number[]): Waits {
  return { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) }
}

/** The average number of gateway calls for an order. */
export function callsOf(simulate: Simulate, drawnOrders: readonly DrawnOrder[]): number {
  return drawnOrders.reduce((sum, drawn) => sum + simulate(drawn).calls, 0) / drawnOrders.length
}

function drawMoment(random: Random): number {
  return dayBeganAt + Math.floor(random.next() * hourMs)
}

/**
 * Far more than needed, because most payments of every kind are made within the life of the order.
 */
const triesMax = 1000

function drawWithinLife(random: Random, payAfterMins: Payers['payAfterMins']): number {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const ms = Math.floor(payAfterMins(random) * minuteMs)
    if (ms < defaultPolicy.orderTtlMs) return ms
  }
  throw new Error('Cannot draw a payment within the life of an order')
}
