import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config, MerchantConfig } from '../../../src/config/config.ts'
import { ConfigError } from '../../../src/config/fault.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { ConfigNeed } from '../../../src/config/requirements.ts'
import { serverName } from '../../../src/servers/addresses.ts'
import type { Keys } from '../keys.ts'
import {
  expectNoCrash,
  Finding,
  type InputResult,
  type OpenTarget,
  type Target,
} from '../target.ts'
import { ConfigTexts, isSecretIn } from './texts.ts'

/** Configuration files and environments. Each loads, or has faults that name a key or the file. */
export function configTarget({ load = loadConfig }: { load?: typeof loadConfig } = {}): Target {
  return {
    name: 'config',
    weight: 2,
    async open({ keys }): Promise<OpenTarget> {
      const directory = mkdtempSync(join(tmpdir(), 'budan-fuzz-config-'))
      const texts = new ConfigTexts(keyFiles(directory, keys))
      const file = join(directory, 'budan.yaml')
      return {
        async feed(chance) {
          const { text, env, secretsInPlace } = texts.next(chance)
          const need: ConfigNeed = chance.pick(['database', 'database', 'gateway', 'serve'])
          const input = { text: text.toString('base64'), env, need }
          writeFileSync(file, text)
          const startedAt = performance.now()
          const loaded = await expectNoCrash(input, () =>
            loadedOrFaults(() => load({ file, env, need })),
          )
          const ms = performance.now() - startedAt
          if (ms > hangMs) throw new Finding('hang', `it took ${Math.round(ms)} ms`, input)
          return loaded instanceof ConfigError
            ? judgeFaults(loaded, { file, input, secretsInPlace })
            : judgeConfig(loaded, input)
        },
        close: async () => rmSync(directory, { recursive: true, force: true }),
      }
    },
  }
}

/** A valid configuration takes 2 ms; a busy machine takes longer. */
const hangMs = 5000

function keyFiles(
  directory: string,
  { merchant }: Keys,
): { privateKey: string; publicKey: string } {
  const write = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content)
    return join(directory, name)
  }
  return {
    privateKey: write('key.pem', merchant.privateKeyPem),
    publicKey: write('pub.pem', merchant.wechatpay.publicKeyPem),
  }
}

function loadedOrFaults(load: () => Config): Config | ConfigError {
  try {
    return load()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

function judgeFaults(
  { faults }: ConfigError,
  { file, input, secretsInPlace }: { file: string; input: unknown; secretsInPlace: boolean },
): InputResult {
  if (faults.length === 0) throw new Finding('wrong answer', 'no fault is named', input)
  for (const fault of faults) {
    if (/[\n\r]/.test(fault))
      throw new Finding('wrong answer', `more than one line: ${fault}`, input)
    if (!fault.includes(file) && !namesKey.test(fault)) {
      throw new Finding('wrong answer', `it names neither key nor file: ${fault}`, input)
    }
    if (secretsInPlace && isSecretIn(fault))
      throw new Finding('wrong answer', `it prints a secret: ${fault}`, input)
  }
  return 'rejected'
}

/** `server.port: …`, `merchants[1] (b).mch_id: …`, or an unknown section or environment name. */
const namesKey =
  /^(server|database|engine|recharge|wechat|log)[.:]|^wechat \(WECHAT_\w+\):|^merchants(\[\d+\]( \([\w.-]+\))?[^:]*)?:|: unknown (section|environment name)/u

/** Every merchant has a number of its own, a name that is a part of a path, and its key. */
function soundMerchant(
  { name, mchId, apiV3Key, maxQps }: MerchantConfig,
  ...[at, all]: [number, readonly MerchantConfig[]]
): boolean {
  return (
    apiV3Key.length === 32 &&
    /^[0-9A-Za-z][0-9A-Za-z._-]{0,62}$/.test(name) &&
    (maxQps === null || (maxQps >= 0.01 && maxQps <= 10_000)) &&
    all.findIndex((other) => environmentName(other) === environmentName({ name })) === at &&
    all.findIndex((other) => other.mchId === mchId) === at
  )
}

/** Two merchants with one name in the environment would take each other's secrets. */
function environmentName({ name }: Pick<MerchantConfig, 'name'>): string {
  return name.toUpperCase().replaceAll(/[.-]/g, '_')
}

/** Every value that was accepted is within its bounds. */
function judgeConfig(config: Config, input: unknown): InputResult {
  const { recharge, server, database } = config
  const names = [database.url, config.engine.url].map(serverName)
  if (names.some(isSecretIn)) throw new Finding('wrong answer', 'a name has a secret in it', input)
  const within = (value: number, ...[min, max]: [number, number]) => value >= min && value <= max
  const sound =
    within(recharge.compensationIntervalMins, 0.001, 10_080) &&
    within(recharge.compensationThresholdMins, 0, 10_080) &&
    within(recharge.compensationBatchSize, 1, 10_000) &&
    Number.isInteger(recharge.compensationBatchSize) &&
    within(recharge.compensationConcurrency, 1, 100) &&
    Number.isInteger(recharge.compensationConcurrency) &&
    within(recharge.compensationMaxQps, 0.01, 10_000) &&
    within(recharge.orderTtlMins, 0.001, 10_080) &&
    recharge.compensationRecheckMins.length > 0 &&
    recharge.compensationRecheckMins.every((mins) => within(mins, 0.001, 10_080)) &&
    within(server.port, 0, 65_535) &&
    (database.retentionDays === 0 || within(database.retentionDays ?? 0, 7, 36_500)) &&
    config.merchants.every(soundMerchant)
  if (!sound) throw new Finding('wrong answer', 'it accepted a value that is out of bounds', input)
  return 'accepted'
}
