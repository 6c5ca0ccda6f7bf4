import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { shortLived } from '../../test/support/short-lived.ts'

export const engines = ['local', 'redis', 'postgres'] as const
export type EngineKind = (typeof engines)[number]

export interface CampaignOptions {
  readonly kind: 'cluster' | 'embedded'
  readonly engine: EngineKind
  readonly seed: string
  readonly size: CampaignSize
  readonly json: string | null
  /** Whether `dist/` is built first: nodes run from the built program, as in production. */
  readonly build: boolean
  readonly keep: boolean
}

/** The size of a campaign, and the timings that go with it. */
export interface CampaignSize {
  readonly name: 'short' | 'full'
  /** Load and faults go on until both these seconds and `killsMin` kills have passed. */
  readonly seconds: number
  readonly killsMin: number
  readonly ordersPerSecond: number
  /** The mean time of a node from its ready line to its end. */
  readonly uptimeMsMean: number
  readonly ttlMins: number
  /** Options of Node for the nodes. */
  readonly nodeArgs?: readonly string[]
  /** How often each outage occurs. */
  readonly outages: Readonly<Record<OutageKind, number>>
}

export const outageKinds = [
  'postgres_immediate',
  'postgres_killed',
  'redis_wiped',
  'redis_restarted_empty',
  'redis_unreachable',
  'gateway_reset',
  'gateway_silent',
  'callbacks_cut',
  'gateway_refuses',
  'gateway_busy',
] as const
export type OutageKind = (typeof outageKinds)[number]

const noOutages = Object.fromEntries(outageKinds.map((kind) => [kind, 0])) as Record<
  OutageKind,
  number
>

/**
 * Two cores can serve some 20 orders per second while three nodes restart every other second. A third
 * of that leaves room on a busy machine.
 */
const sizes = {
  cluster: {
    full: {
      name: 'full',
      seconds: 600,
      killsMin: 320,
      ordersPerSecond: 6,
      uptimeMsMean: 2_400,
      ttlMins: 0.25,
      outages: {
        postgres_immediate: 9,
        postgres_killed: 1,
        redis_wiped: 6,
        redis_restarted_empty: 4,
        redis_unreachable: 3,
        gateway_reset: 7,
        gateway_silent: 5,
        callbacks_cut: 4,
        gateway_refuses: 3,
        gateway_busy: 4,
      },
    },
    short: {
      name: 'short',
      seconds: 10,
      killsMin: 6,
      ordersPerSecond: 5,
      uptimeMsMean: 1_000,
      ttlMins: 0.1,
      outages: {
        ...noOutages,
        postgres_immediate: 1,
        redis_wiped: 1,
        gateway_reset: 1,
      },
    },
  },
  embedded: {
    full: {
      name: 'full',
      seconds: 300,
      killsMin: 220,
      ordersPerSecond: 4,
      uptimeMsMean: 900,
      ttlMins: 0.25,
      outages: { ...noOutages, gateway_reset: 4, gateway_silent: 3, callbacks_cut: 3 },
    },
    short: {
      name: 'short',
      seconds: 8,
      killsMin: 4,
      ordersPerSecond: 3,
      uptimeMsMean: 500,
      ttlMins: 0.1,
      nodeArgs: shortLived,
      outages: { ...noOutages, gateway_reset: 1 },
    },
  },
} as const satisfies Record<string, Record<string, CampaignSize>>

export const usage = `npm run campaign -- [options]
  --short             less than a minute: a few kills, one outage of each server
  --embedded          one node on the embedded database instead of three on PostgreSQL
  --engine ENGINE     ${engines.join(', ')}; default redis, local with --embedded
  --seed SEED         decides the kills, the outages and the payments; default random
  --seconds N         load and faults for at least N seconds; default ${sizes.cluster.full.seconds}
  --kills N           and for at least N kills; default ${sizes.cluster.full.killsMin}
  --json FILE         also writes the report to FILE
  --no-build          uses dist/ as it is
  --keep              keeps the logs of a successful campaign, too`

/** Throws for an unknown option or value. */
export function readOptions(args: readonly string[]): CampaignOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: 'boolean', default: false },
      embedded: { type: 'boolean', default: false },
      engine: { type: 'string' },
      seed: { type: 'string' },
      seconds: { type: 'string' },
      kills: { type: 'string' },
      json: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  const kind = values.embedded ? 'embedded' : 'cluster'
  const size: CampaignSize = sizes[kind][values.short ? 'short' : 'full']
  return {
    kind,
    engine: engineOf(values.engine ?? (values.embedded ? 'local' : 'redis')),
    seed: values.seed ?? randomBytes(6).toString('hex'),
    size: resized(size, {
      seconds: positive('seconds', values.seconds) ?? size.seconds,
      killsMin: positive('kills', values.kills) ?? size.killsMin,
    }),
    json: values.json ?? null,
    build: !values['no-build'],
    keep: values.keep,
  }
}

/** Keeps the rate of each outage, and at least one of each kind: a kind that never occurs proves nothing. */
function resized(
  size: CampaignSize,
  { seconds, killsMin }: Pick<CampaignSize, 'seconds' | 'killsMin'>,
): CampaignSize {
  const outages = { ...size.outages }
  for (const kind of outageKinds)
    outages[kind] = Math.ceil((outages[kind] * seconds) / size.seconds)
  return { ...size, seconds, killsMin, outages }
}

function engineOf(name: string): EngineKind {
  const known = engines.find((each) => each === name)
  if (known === undefined) throw new Error(`--engine "${name}" is not one of ${engines.join(', ')}`)
  return known
}

function positive(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} "${text}" is not a positive integer`)
  return Number(text)
}
