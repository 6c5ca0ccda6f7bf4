import type { Chance } from '../../packages/simulator/src/chance.ts'
import type { BudanNode } from './node.ts'
import { pause } from './wait.ts'

export interface Chaos {
  readonly chance: Chance
  readonly uptimeMsMean: number
  /** A frozen node wakes up after other nodes have claimed its leases. Null: there is only one node. */
  readonly leaseMs: number | null
  readonly signal: AbortSignal
}

/** Starts the node and ends it in a random way, repeatedly until the signal. Then it leaves it as it is. */
export async function disturb(node: BudanNode, chaos: Chaos): Promise<void> {
  for (let start = 1; !chaos.signal.aborted; start += 1) {
    node.start()
    if (await becomesReady(node, { ...chaos, start })) await endIt(node, { ...chaos, start })
    else if (!chaos.signal.aborted) await node.kill()
    // The restart delay of a supervisor; sometimes a node is down for longer.
    const awayMs = 300 * exponential(chaos.chance, [node.name, 'away', start])
    await pause(awayMs, chaos.signal)
  }
}

interface NodeStart extends Chaos {
  readonly start: number
}

/** One start in eight is killed early, during a migration or the run at start. */
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

/** A frozen node is woken or killed at the end of its time, even if the campaign is ending. */
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

/** Mean 1, at most 5: most values are small, and some are large. */
function exponential(chance: Chance, name: readonly (string | number)[]): number {
  return Math.min(5, -Math.log(1 - chance.fraction(...name)))
}
