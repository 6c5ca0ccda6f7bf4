/** 32 bytes that no fault may quote. */
export const apiV3Key = 'qSecretq0123456789abcdefzHiddenz'

interface KeyPaths {
  readonly privateKey: string
  readonly publicKey: string
}

/** A configuration without a fault. */
export function validConfig(paths: KeyPaths): string {
  return `${common}wechat:
${merchantKeys(paths)}
${log}`
}

/** The same with several merchants. */
export function validMerchants(paths: KeyPaths): string {
  const items = ['a', 'B.2', 'default'].map((name, at) => {
    const keys = merchantKeys(paths).replace('"1900000001"', `"190000000${at}"`)
    return `  - name: ${name}\n${keys.replaceAll(/^/gm, '  ')}\n    max_qps: 5\n    user_prefix: "${name}:"`
  })
  return `${common}merchants:
${items.join('\n')}
${log}`
}

const common = `server:
  host: 127.0.0.1
  port: 8080
  api_token: qSecretq-zHiddenz
database:
  url: "postgres://u:qSecretq@h/db"
  retention_days: 30
engine:
  url: local
recharge:
  compensation_enabled: true
  compensation_interval_mins: 5
  compensation_threshold_mins: 5
  compensation_batch_size: 50
  compensation_concurrency: 5
  compensation_recheck_mins: [5, 5, 10]
  compensation_drain: false
  compensation_max_qps: 20
  order_ttl_mins: 120
`

const log = `log:
  level: info
  format: json
`

function merchantKeys({ privateKey, publicKey }: KeyPaths): string {
  return `  base_url: https://api.mch.weixin.qq.com
  mch_id: "1900000001"
  app_id: wx0123456789abcdef
  serial_no: 5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC
  private_key_path: ${privateKey}
  api_v3_key: ${apiV3Key}
  notify_url: https://merchant.example/v1/callbacks/wechatpay
  public_key_id: PUB_KEY_ID_0119000000012026010100000000000000
  public_key_path: ${publicKey}
  timeout_ms: 5000`
}
