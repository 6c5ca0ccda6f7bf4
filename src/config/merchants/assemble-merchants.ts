import type { MerchantConfig, MerchantId } from '../config.ts'
import type { ParsedConfig } from '../schema.ts'
import type { MerchantKeys } from './merchant-keys.ts'

type ParsedMerchant = ParsedConfig['merchants'][number]

/** The keys of a merchant; `apiV3Key`: where it is no text, as an embedder may give it. */
export type LoadedKeys = Pick<MerchantKeys, 'privateKey' | 'publicKey'> & {
  readonly apiV3Key?: Buffer | null
}

/** @param keys of each merchant, in the order of the configuration. */
export function assembleMerchants(
  parsed: ParsedConfig,
  keys: readonly LoadedKeys[],
): readonly MerchantConfig[] {
  const merchants = merchantsIn(parsed)
  return keys.map((each, at) => assembleMerchant(required(merchants[at]), each))
}

/** A merchant whose number is not set is left out: commands of the database need none. */
export function merchantIdsOf(parsed: ParsedConfig): readonly MerchantId[] {
  return merchantsIn(parsed).flatMap((merchant) => {
    const { name, gateway, mch_id: mchid } = merchant
    return mchid === undefined ? [] : { name, gateway, mchid, appids: appIdsOf(merchant) }
  })
}

/** The section `wechat` is the short form of one merchant named `default`. */
function merchantsIn({ wechat, merchants }: ParsedConfig): readonly ParsedMerchant[] {
  return merchants.length > 0 ? merchants : [{ name: 'default', gateway: 'wechatpay', ...wechat }]
}

function assembleMerchant(merchant: ParsedMerchant, keys: LoadedKeys): MerchantConfig {
  const { public_key_id: publicKeyId } = merchant
  return {
    name: merchant.name,
    gateway: merchant.gateway,
    baseUrl: merchant.base_url,
    proxyUrl: merchant.proxy_url ?? null,
    mchId: required(merchant.mch_id),
    appId: required(merchant.app_id),
    appIds: appIdsOf(merchant),
    serialNo: required(merchant.serial_no),
    privateKey: required(keys.privateKey),
    apiV3Key: keys.apiV3Key ?? Buffer.from(required(merchant.api_v3_key)),
    notifyUrl: merchant.notify_url ?? null,
    publicKey:
      publicKeyId === undefined ? null : { id: publicKeyId, key: required(keys.publicKey) },
    timeoutMs: merchant.timeout_ms,
    maxQps: merchant.max_qps ?? null,
    userPrefix: merchant.user_prefix ?? null,
  }
}

function appIdsOf({ app_id: appId, app_ids: others = [] }: ParsedMerchant): readonly string[] {
  return [...new Set([...(appId === undefined ? [] : [appId]), ...others])]
}

/** `requirementFaults` has checked the value, so a missing one is a programming error. */
function required<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new TypeError('A required key was not checked')
  return value
}
