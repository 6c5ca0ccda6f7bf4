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

/** Makes each planned outage at its time. An outage that has begun is ended even after the signal. */
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

/** Different servers may be down together; outages of one server do not overlap. */
const parts = ['postgres', 'redis', 'gateway', 'callbacks'] as const

function partOf(kind: OutageKind): string {
  return kind.split('_')[0] ?? ''
}

/** Spreads the outages over the time, each at a random point of its share. The first and last tenth have none. */
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

/** False if this campaign has no such server. */
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

/** The link stays cut from the start until the wipe, so that no node sees the old data. */
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
