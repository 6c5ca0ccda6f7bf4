import { probeEngine } from '../../queue/probe.ts'
import { type Finding, ok, warn } from './finding.ts'

/**
 * Checks the queue that nodes share. Without it each node keeps the intervals by itself, so it
 * never fails.
 */
export async function examineEngine(url: string): Promise<readonly Finding[]> {
  const name = 'engine'
  if (url === 'local') return [ok(name, 'local: nothing to reach')]
  const kind = url.startsWith('redis') ? 'Redis' : 'PostgreSQL'
  const trouble = await probeEngine(url)
  if (trouble === null) return [ok(name, `${kind}, answers`)]
  const { what, remedy } = trouble
  return [
    warn(name, {
      detail: `${kind} cannot be used: ${what}; until then each node keeps the intervals by itself`,
      next: remedy ?? `see what ${kind} says above, and its log`,
    }),
  ]
}
