import type { Chance } from '../../packages/simulator/src/chance.ts'
import { busy, refusing } from './faults.ts'
import { type CampaignSize, type OutageKind, outageKinds } from './options.ts'
import type { Stage } from './stage.ts'
import { pause } from './wait.ts'

interface PlannedOutage {
  readonly kind: OutageKind
  readonly atMs: number
  readonly lastsMs: number
}

export type OutageCounts = Partial<Record<OutageKind, number>>

/** Makes the outages of the plan, each at its time. Whatever the signal, one that began is ended. */
export async function makeOutages(
  stage: Stage,
  { size, chance, signal }: { size: CampaignSize; chance: Chance; signal: AbortSignal },
): Promise<OutageCounts> {
  const startedAt = performance.now()
  const counts: OutageCounts = {}
  const planned = planOutages(size, chance)
  const ofPart = parts.map(async (part) => {
    for (const outage of planned.filter(({ kind }) => partOf(kind) === part)) {
      if (!(await pause(outage.atMs - (performance.now() - startedAt), signal))) return
      if (await makeOutage(stage, outage)) counts[outage.kind] = (counts[outage.kind] ?? 0) + 1
    }
  })
  await Promise.all(ofPart)
  return counts
}

/** Different parts may be away together; one part is not taken away twice at the same time. */
const parts = ['postgres', 'redis', 'gateway', 'callbacks'] as const

function partOf(kind: OutageKind): string {
  return kind.split('_')[0] ?? ''
}

/** Spread over the time, each somewhere in its share of it; the first tenth and the last are calm. */
export function planOutages(size: CampaignSize, chance: Chance): readonly PlannedOutage[] {
  const spanMs = size.seconds * 1_000 * 0.8
  const planned = outageKinds.flatMap((kind) => {
    const count = size.outages[kind]
    return Array.from({ length: count }, (_, nth) => ({
      kind,
      atMs: spanMs / 8 + (spanMs * (nth + chance.fraction('outage', kind, nth))) / count,
      lastsMs: 1_000 + 4_000 * chance.fraction('outage', kind, nth, 'lasts'),
    }))
  })
  return planned.sort((one, other) => one.atMs - other.atMs)
}

/** False where there is no such part on this stage. */
async function makeOutage(stage: Stage, { kind, lastsMs }: PlannedOutage): Promise<boolean> {
  const { gateway, links, redis, postgres } = stage
  switch (kind) {
    case 'postgres_immediate':
    case 'postgres_killed':
      await postgres?.restart(kind === 'postgres_killed' ? 'SIGKILL' : 'SIGQUIT')
      return postgres !== null
    case 'redis_wiped':
      await redis?.wipe()
      return redis !== null
    case 'redis_restarted_empty':
      return restartRedis(stage)
    case 'redis_unreachable':
      return away(links.redis, { how: 'silence', lastsMs })
    case 'gateway_reset':
      return away(links.gateway, { how: 'reset', lastsMs })
    case 'gateway_silent':
      return away(links.gateway, { how: 'silence', lastsMs })
    case 'callbacks_cut':
      return away(links.callbacks, { how: 'reset', lastsMs })
    case 'gateway_refuses':
    case 'gateway_busy': {
      const rule = kind === 'gateway_busy' ? busy : refusing
      await gateway.control('POST', '/faults', rule)
      await lasting(lastsMs)
      await gateway.control('DELETE', `/faults/${rule.id}`)
      return true
    }
  }
}

/** Nobody gets a word in between its start and its wiping. */
async function restartRedis({ redis, links }: Stage): Promise<boolean> {
  if (redis === null || links.redis === null) return false
  links.redis.cut('reset')
  await redis.kill()
  await redis.restart()
  await redis.wipe()
  links.redis.restore()
  return true
}

async function away(
  link: Stage['links']['redis'],
  { how, lastsMs }: { how: 'reset' | 'silence'; lastsMs: number },
): Promise<boolean> {
  link?.cut(how)
  await lasting(lastsMs)
  link?.restore()
  return link !== null
}

async function lasting(ms: number): Promise<void> {
  await pause(ms, new AbortController().signal)
}
