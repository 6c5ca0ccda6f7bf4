/** One quantity, measured several times in one run of the bench. */
export interface Figure {
  /** The number of its target in docs/performance.md. */
  readonly target?: number
  readonly name: string
  readonly unit: string
  /** One value for each repetition, in order. */
  readonly values: readonly number[]
  readonly median: number
  /**
   * Half of the difference between the greatest and the least value: the figure is median ± spread.
   */
  readonly spread: number
  /** Null where the figure is published without a goal. */
  readonly goal: Goal | null
  /** False only when the goal is missed by more than the spread. */
  readonly met: boolean
}

export type Goal =
  | { readonly kind: 'at least'; readonly value: number }
  | { readonly kind: 'at most'; readonly value: number }

export function figure(
  name: string,
  { unit, values, goal = null }: { unit: string; values: readonly number[]; goal?: Goal | null },
): Figure {
  const middle = median(values)
  const spread = (Math.max(...values) - Math.min(...values)) / 2
  return { name, unit, values, median: middle, spread, goal, met: isMet(goal, { middle, spread }) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  if (upper === undefined || lower === undefined) throw new Error('Cannot take the median of none')
  return (upper + lower) / 2
}

/** The least value that at least `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  if (value === undefined) throw new Error('Cannot take a percentile of none')
  return value
}

function isMet(goal: Goal | null, { middle, spread }: { middle: number; spread: number }): boolean {
  if (goal === null) return true
  return goal.kind === 'at least' ? middle + spread >= goal.value : middle - spread <= goal.value
}
