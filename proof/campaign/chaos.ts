import type { Chance } from '../../packages/simulator/src/chance.ts'
import type { BudanNode } from './node.ts'
import { pause } from './wait.ts'

export interface Chaos {
  readonly chance: Chance
  readonly uptimeMsMean: number
  /** A frozen node wakes up after its leases have been given to others. Null: there are no others. */
  readonly leaseMs: number | null
  readonly signal: AbortSignal
}

/** Starts the node, ends it in one way or another, and so on, until the signal. It is left as it is then. */
export async function disturb(node: BudanNode, chaos: Chaos): Promise<void> {
  for (let start = 1; !chaos.signal.aborted; start += 1) {
    node.start()
    if (await becomesReady(node, { ...chaos, start })) await endIt(node, { ...chaos, start })
    else if (!chaos.signal.aborted) await node.kill()
    // A supervisor's patience; sometimes a node is away for longer.
    const awayMs = 300 * exponential(chaos.chance, [node.name, 'away', start])
    await pause(awayMs, chaos.signal)
  }
}

interface NodeStart extends Chaos {
  readonly start: number
}

/** One in eight may not: a migration or the run at start is under way when it is killed. */
async function becomesReady(
  node: BudanNode,
  { chance, signal, start }: NodeStart,
): Promise<boolean> {
  const name = [node.name, 'start', start] as const
  const dies = chance.fraction(...name) < 1 / 8
  if (dies && (await pause(1_200 * chance.fraction(...name, 'ms'), signal))) return false
  return node.becomeReady(signal)
}

async function endIt(
  node: BudanNode,
  { chance, signal, start, ...chaos }: NodeStart,
): Promise<void> {
  const uptimeMs = chaos.uptimeMsMean * exponential(chance, [node.name, 'uptime', start])
  if (!(await pause(uptimeMs, signal))) return
  const ending = chance.fraction(node.name, 'ending', start)
  const { leaseMs, uptimeMsMean } = chaos
  if (leaseMs !== null && ending < 0.1) {
    return freeze(node, { wakes: ending < 0.06, leaseMs, uptimeMsMean })
  }
  return ending < 0.2 ? node.stop() : node.kill()
}

/** Whatever the campaign's state, a frozen node is woken or killed at the end of its time. */
async function freeze(
  node: BudanNode,
  { wakes, leaseMs, uptimeMsMean }: { wakes: boolean; leaseMs: number; uptimeMsMean: number },
): Promise<void> {
  const { signal } = new AbortController()
  node.freeze()
  await pause(leaseMs * 1.2, signal)
  if (!wakes) return node.kill()
  node.thaw()
  await pause(uptimeMsMean, signal)
  return node.kill()
}

/** Mean 1, at most 5: most lives are short, and some are long. */
function exponential(chance: Chance, name: readonly (string | number)[]): number {
  return Math.min(5, -Math.log(1 - chance.fraction(...name)))
}
