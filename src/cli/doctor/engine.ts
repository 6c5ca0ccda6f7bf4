import { probeEngine } from '../../engine/probe.ts'
import { type Finding, ok, warn } from './finding.ts'

/** Whether the queue that nodes share can be had. Without it they go on, each by itself: no failure. */
export async function examineEngine(url: string): Promise<readonly Finding[]> {
  const name = 'engine'
  if (url === 'local') return [ok(name, 'local: nothing to reach')]
  const kind = url.startsWith('redis') ? 'Redis' : 'PostgreSQL'
  const reason = await probeEngine(url)
  if (reason === null) return [ok(name, `${kind}, answers`)]
  return [
    warn(name, {
      detail: `${kind} does not let us in: ${reason}`,
      next: 'check engine.url; until then each node keeps the intervals by itself',
    }),
  ]
}
