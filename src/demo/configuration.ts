import { join } from 'node:path'
import { type Merchant, merchantFiles } from 'budan-simulator'
import { stringify } from 'yaml'

export interface ConfigurationOptions {
  /** Directory that `writeMerchant` wrote; it goes into the configuration unchanged. */
  readonly dir: string
  /** Default: budan on its default port. */
  readonly notifyUrl?: string
}

/**
 * The `wechat:` and `recharge:` sections for a budan that uses this simulator, as YAML. Intervals are
 * the defaults divided by the simulator's `timeScale`.
 */
export function configurationFor(
  simulator: { readonly url: string; readonly timeScale: number; readonly signing: string },
  merchant: Merchant,
  options: ConfigurationOptions,
): string {
  const publicKey = {
    public_key_id: merchant.wechatpay.publicKeyId,
    public_key_path: join(options.dir, merchantFiles.publicKey),
  }
  return stringify({
    recharge: rechargeSection(simulator.timeScale),
    wechat: {
      base_url: simulator.url,
      mch_id: merchant.mchid,
      app_id: merchant.appid,
      serial_no: merchant.serialNo,
      private_key_path: join(options.dir, merchantFiles.privateKey),
      api_v3_key: merchant.apiV3Key,
      notify_url: options.notifyUrl ?? 'http://127.0.0.1:8080/v1/callbacks/wechatpay',
      ...(simulator.signing === 'certificate' ? {} : publicKey),
    },
  })
}

function rechargeSection(timeScale: number): object {
  const mins = (byDefault: number) => Number((byDefault / timeScale).toPrecision(3))
  return {
    compensation_interval_mins: mins(5),
    compensation_threshold_mins: mins(5),
    compensation_recheck_mins: [5, 5, 10, 15, 30, 60].map(mins),
    order_ttl_mins: mins(120),
  }
}
