import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

/** Seconds where production has minutes; the proportions are production's. */
export const intervalMs = 1_200
const timeoutMs = 800
const batchSize = 40
const concurrency = 20

/** As in src/domain/runs/schedule.ts: all the time-outs of a run, and six more for its last query. */
export const leaseMs = Math.max(intervalMs, (batchSize / concurrency) * timeoutMs) + 6 * timeoutMs
export const recheckMsMax = 4_800

export interface NodeSettings {
  readonly directory: string
  readonly name: string
  readonly port: number
  readonly token: string
  readonly databaseUrl: string
  readonly engineUrl: string
  /** The ports of the links to the gateway, and back. */
  readonly gatewayPort: number
  readonly callbackPort: number
  readonly ttlMins: number
  readonly webhook: { readonly url: string; readonly secret: string }
}

const mins = (ms: number) => ms / 60_000

/** Writes `NAME.yaml` with the keys that the simulator wrote. Returns the secrets in it. */
export async function configure(
  simulatorConfig: string,
  settings: NodeSettings,
): Promise<readonly string[]> {
  const { wechat } = parse(await readFile(simulatorConfig, 'utf8'))
  const { directory, name, port, token } = settings
  const yaml = stringify({
    server: { host: '127.0.0.1', port, api_token: token },
    database: { url: settings.databaseUrl },
    engine: { url: settings.engineUrl },
    recharge: {
      compensation_interval_mins: mins(intervalMs),
      compensation_threshold_mins: mins(intervalMs),
      compensation_recheck_mins: [1_200, 1_200, 2_400, recheckMsMax].map(mins),
      compensation_batch_size: batchSize,
      compensation_concurrency: concurrency,
      compensation_drain: true,
      compensation_max_qps: 200,
      order_ttl_mins: settings.ttlMins,
    },
    wechat: {
      ...wechat,
      base_url: `http://127.0.0.1:${settings.gatewayPort}`,
      notify_url: notifyUrl(settings.callbackPort),
      timeout_ms: timeoutMs,
    },
    webhooks: [{ name: 'backend', ...settings.webhook, types: ['order.paid'] }],
    log: { level: 'info', format: 'json' },
  })
  await writeFile(join(directory, `${name}.yaml`), yaml, { mode: 0o600 })
  const key = await readFile(wechat.private_key_path, 'utf8')
  // The line after the header and the algorithm's preamble, which differs between keys.
  const keyLine = key.split('\n')[3] ?? ''
  return [token, wechat.api_v3_key, keyLine, settings.webhook.secret]
}

export function notifyUrl(callbackPort: number): string {
  return `http://127.0.0.1:${callbackPort}/v1/callbacks/wechatpay`
}
