import { execFileSync } from 'node:child_process'
import type { Figures } from './figures.ts'
import type { SeedResult } from './simulation.ts'

const yearMs = 365.25 * 24 * 3_600_000

export function describeFailure({ seed, failure, trace, hash }: SeedResult): string {
  return `${trace.tail.join('\n')}

seed ${seed} failed: ${failure?.invariant}: ${failure?.message}
commit ${commit()}, trace ${hash}
again: npm run sim -- --seed ${seed} --trace
`
}

export function describeFigures(figures: Figures, wallMs: number): string {
  const seconds = wallMs / 1000
  const seeds = figures.of('seeds')
  const faults = figures.under('fault:')
  const faultCount = faults.reduce((sum, [, count]) => sum + count, 0)
  const lines = [
    `${count(seeds)} seeds in ${seconds.toFixed(0)} s: ${(seeds / seconds).toFixed(0)} a second`,
    `${count(figures.of('events'))} events, ${years(figures)} virtual years`,
    `${count(figures.of('merchants'))} merchants, ${count(figures.of('orders'))} orders, ${count(figures.of('payments'))} payments, ${count(figures.of('credits'))} credits, ${count(figures.of('runs'))} runs, ${count(figures.of('callbacks'))} callbacks`,
    `ended: ${figures
      .under('status:')
      .map(([name, of]) => `${name} ${count(of)}`)
      .join(', ')}`,
    `${count(figures.of('crashes'))} crashes, ${count(figures.of('breakers opened'))} breakers opened, ${count(faultCount)} faults:`,
    ...faults.map(([name, of]) => `  ${name.padEnd(22)} ${count(of)}`),
  ]
  return `${lines.join('\n')}\n`
}

export function figuresJson(
  figures: Figures,
  { wallMs, from, failed }: { wallMs: number; from: number; failed: readonly number[] },
): string {
  const seeds = figures.of('seeds')
  const rest = { commit: commit(), from, wall_ms: Math.round(wallMs), failed_seeds: failed }
  const all = {
    ...rest,
    seeds_per_s: Math.round((seeds * 1000) / wallMs),
    virtual_years: Number(years(figures)),
    ...Object.fromEntries([...figures.counts].sort()),
  }
  return `${JSON.stringify(all, null, 2)}\n`
}

function years(figures: Figures): string {
  return (figures.of('virtual ms') / yearMs).toFixed(1)
}

function count(value: number): string {
  return value.toLocaleString('en')
}

/** A copy of the sources without Git has no commit. */
function commit(): string {
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=10'], options).trim()
  } catch {
    return 'unknown'
  }
}
