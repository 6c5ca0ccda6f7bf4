import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Gateway } from '../campaign/load/gateway.ts'

/** Seconds where production has minutes. */
export const intervalMs = 1_200
const recheckMs = [1_200, 1_200, 2_400, 4_800]
/** Longer than a phase is short: most orders that nobody pays end within the next one. */
export const ttlMs = 15_000

/** A merchant, with a gateway of its own. */
export interface Party {
  readonly name: 'default' | 'second'
  readonly gateway: Gateway
  readonly mchid: string
  readonly notifyUrl: string
}

export interface NodeSettings {
  readonly directory: string
  readonly name: string
  readonly port: number
  readonly token: string
  readonly databaseUrl: string
  /** One is written as both versions read it. */
  readonly parties: readonly Party[]
  /** Null: the version before knows none. */
  readonly proofSecret: string | null
}

const mins = (ms: number) => ms / 60_000

/** Writes `NAME.yaml`. */
export async function configureNode(settings: NodeSettings): Promise<void> {
  const { directory, name, port, token, databaseUrl, parties, proofSecret } = settings
  const merchants = await Promise.all(
    parties.map(async (party) => ({ name: party.name, ...(await keysOf(party)) })),
  )
  const [{ name: _, ...only } = {}, ...others] = merchants
  const yaml = stringify({
    server: { host: '127.0.0.1', port, api_token: token },
    database: { url: databaseUrl },
    recharge: {
      compensation_interval_mins: mins(intervalMs),
      compensation_threshold_mins: mins(intervalMs),
      compensation_recheck_mins: recheckMs.map(mins),
      compensation_batch_size: 40,
      compensation_concurrency: 10,
      compensation_drain: true,
      compensation_max_qps: 200,
      order_ttl_mins: mins(ttlMs),
    },
    ...(others.length === 0 ? { wechat: only } : { merchants }),
    ...(proofSecret !== null && { proof: { keys: [{ id: 'k1', secret: proofSecret }] } }),
    log: { level: 'info', format: 'json' },
  })
  await writeFile(join(directory, `${name}.yaml`), yaml, { mode: 0o600 })
}

async function keysOf({ gateway, notifyUrl }: Party): Promise<object> {
  const { wechat } = parse(await readFile(gateway.configFile, 'utf8'))
  return { ...wechat, notify_url: notifyUrl, timeout_ms: 2_000 }
}

export async function mchidOf(gateway: Gateway): Promise<string> {
  return String(parse(await readFile(gateway.configFile, 'utf8')).wechat.mch_id)
}
