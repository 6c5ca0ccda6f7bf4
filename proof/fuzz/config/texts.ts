import fc from 'fast-check'
import type { Chance } from '../chance.ts'
import { hostileJson, Samples } from '../hostile.ts'
import { mutated, mutatedText } from '../mutate.ts'
import { costlyYaml } from './costly-yaml.ts'
import { apiV3Key, validConfig, validMerchants } from './valid-config.ts'

export interface ConfigText {
  readonly text: Buffer
  readonly env: Readonly<Record<string, string>>
  /** Secrets are only in the keys for secrets. In another key a fault may quote them, like any value. */
  readonly secretsInPlace: boolean
}

/** Every secret contains one of them; no fault may. */
const marks = ['qSecretq', 'zHiddenz']

export function isSecretIn(fault: string): boolean {
  return marks.some((mark) => fault.includes(mark))
}

const values = [
  ...[
    '0',
    '-1',
    '1',
    '5',
    '5.5',
    '1e3',
    '0x10',
    '010',
    '.5',
    '1_000',
    '9007199254740993',
    '1e400',
    '-0',
    'NaN',
  ],
  ...[
    '.inf',
    '~',
    'null',
    'true',
    'yes',
    'on',
    '""',
    '"  "',
    "''",
    '[]',
    '{}',
    '[1, 2]',
    '{a: 1}',
    '*x',
    '&x 5',
  ],
  ...[
    '!!js/function "x"',
    '!!binary aGk=',
    '!!int 5',
    '|',
    '>-',
    '# x',
    '@x',
    '`x`',
    '%x',
    '- 5',
    '? x',
    '5: 5',
  ],
  ...[
    'https://[::1',
    'https://user:pw@x',
    'pglite:',
    'redis://x',
    'postgres://',
    'x\ty',
    '2026-01-01',
    '"\\uD800"',
  ],
]

const names = [
  ...[
    'server',
    'database',
    'engine',
    'recharge',
    'wechat',
    'log',
    'port',
    'host',
    'url',
    'api_token',
    'mch_id',
  ],
  ...[
    'retention_days',
    'compensation_enabled',
    'compensation_interval_mins',
    'compensation_recheck_mins',
  ],
  ...['merchants', 'name', 'gateway', 'max_qps', 'user_prefix', 'app_ids', 'api_v3_key_file'],
  ...[
    'compensation_batch_size',
    'order_ttl_mins',
    'level',
    'format',
    '<<',
    '__proto__',
    'constructor',
    '',
  ],
]

const envNames = [
  ...[
    'SERVER_PORT',
    'SERVER_HOST',
    'SERVER_API_TOKEN',
    'DATABASE_URL',
    'DATABASE_RETENTION_DAYS',
    'ENGINE_URL',
  ],
  ...[
    'RECHARGE_COMPENSATION_ENABLED',
    'RECHARGE_COMPENSATION_INTERVAL_MINS',
    'RECHARGE_COMPENSATION_RECHECK_MINS',
  ],
  ...[
    'RECHARGE_COMPENSATION_BATCH_SIZE',
    'RECHARGE_COMPENSATION_BATCHSIZE',
    'RECHARGE_ORDER_TTL_MINS',
  ],
  ...[
    'WECHAT_API_V3_KEY',
    'WECHAT_MCH_ID',
    'WECHAT_BASE_URL',
    'WECHAT_NOTIFY_URL',
    'WECHAT_PRIVATE_KEY_PATH',
  ],
  ...['WECHAT_PUBLIC_KEY_ID', 'WECHAT_TIMEOUT_MS', 'LOG_LEVEL', 'LOG_FORMAT'],
  ...['MERCHANTS_A_MCH_ID', 'MERCHANTS_B_2_MCH_ID', 'MERCHANTS_A_APP_IDS', 'MERCHANTS_B_2_MAX_QPS'],
  ...['MERCHANTS_A_API_V3_KEY', 'MERCHANTS_A_PROXY_URL', 'MERCHANTS_B_2_PRIVATE_KEY_PATH'],
]

const secretNames = [
  ...['SERVER_API_TOKEN', 'DATABASE_URL', 'ENGINE_URL', 'WECHAT_API_V3_KEY'],
  ...['MERCHANTS_A_API_V3_KEY', 'MERCHANTS_A_PROXY_URL'],
]
const addressNames = ['WECHAT_BASE_URL', 'WECHAT_NOTIFY_URL']

const anyText = new Samples(fc.string({ unit: 'binary', maxLength: 200 }))
const anyTree = new Samples(
  fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), fc.jsonValue()),
  ),
)

/** Files and environments, most of them nearly valid. */
export class ConfigTexts {
  readonly #rights: readonly string[]

  constructor(files: { privateKey: string; publicKey: string }) {
    this.#rights = [validConfig(files), validMerchants(files)]
  }

  next(chance: Chance): ConfigText {
    const secretsInPlace = chance.percent(70)
    const right = chance.pick(this.#rights)
    const text = secretsInPlace ? spoiled(right, chance) : torn(right, chance)
    const env = chance.percent(40) ? environment(chance) : {}
    return { text: Buffer.from(text), env, secretsInPlace }
  }
}

/** Wrong, but each line keeps its key. */
function spoiled(right: string, chance: Chance): string | Buffer {
  return chance.weighed<() => string | Buffer>([
    [40, () => right],
    [120, () => withValue(right, chance)],
    [40, () => withLine(right, chance)],
    [30, () => withCopiedLine(right, chance)],
    [10, () => Buffer.from(right, 'utf16le')],
    [10, () => `\ufeff${right.replaceAll('\n', '\r\n')}`],
    [10, () => right + right],
    [40, () => JSON.stringify(anyTree.pick(chance))],
    [20, () => anyText.pick(chance)],
    [20, () => hostileJson(chance)],
    [1, () => costlyYaml(chance)],
  ])()
}

function torn(right: string, chance: Chance): string | Buffer {
  return chance.percent(60) ? mutated(Buffer.from(right), chance) : mutatedText(right, chance)
}

/** One value replaced. */
function withValue(right: string, chance: Chance): string {
  const lines = right.split('\n')
  const at = chance.below(lines.length)
  const isAddress = /^ +\w*url: /.test(lines[at] ?? '') && chance.percent(50)
  const other = chance.percent(80) ? chance.pick(values) : hostileJson(chance)
  const value = isAddress ? JSON.stringify(chance.pick(tornUrls(chance))) : other
  return lines
    .with(
      at,
      (lines[at] ?? '').replace(/: .*$/, () => `: ${value}`),
    )
    .join('\n')
}

/** A line that was copied from another place, and not changed: of another merchant, with several. */
function withCopiedLine(right: string, chance: Chance): string {
  const lines = right.split('\n')
  const [from, to] = [chance.below(lines.length), chance.below(lines.length)]
  const key = /^[ -]*(\w+:)/.exec(lines[to] ?? '')?.[1]
  const alike = lines.filter((line) => key !== undefined && line.includes(key))
  const copied = alike.length > 1 ? chance.pick(alike) : (lines[from] ?? '')
  return lines.with(to, copied).join('\n')
}

/** One line more. */
function withLine(right: string, chance: Chance): string {
  const lines = right.split('\n')
  const indent = chance.pick(['', ' ', '  ', '\t', '    '])
  const line = `${indent}${chance.pick(names)}: ${chance.pick(values)}`
  return lines.toSpliced(chance.below(lines.length), 0, line).join('\n')
}

function environment(chance: Chance): Record<string, string> {
  const env: Record<string, string> = {}
  for (let count = 1 + chance.below(4); count > 0; count -= 1) {
    const name = chance.pick(envNames)
    const value = chance.percent(70)
      ? chance.pick(values)
      : mutatedText(chance.pick(values), chance)
    const isTorn = addressNames.includes(name) && chance.percent(50)
    const other = isTorn ? chance.pick(tornUrls(chance)) : value
    env[name] = secretNames.includes(name) ? hidden(chance) : other
  }
  return env
}

/** A password that is not percent-encoded splits its URL: part of it is read as a host or a path. */
function tornUrls(chance: Chance): readonly string[] {
  const joint = () => chance.pick(['/', '?', '#', '@', ':', ':123/', '[', '\\', '%', ' ', '\t', ''])
  const [mark, other] = marks
  const password = `${joint()}${mark}${joint()}${other}${joint()}`
  const scheme = ['postgres', 'postgresql', 'redis', 'rediss', 'pglite', 'https']
  return scheme.map((each) => `${each}://u:${password}@127.0.0.1/db`)
}

/** Secrets in the forms that a fault is most likely to quote. */
function hidden(chance: Chance): string {
  const [mark] = marks
  return chance.pick([
    ...[
      `${mark}`,
      `postgres://u:${mark}@[x/db`,
      `mysql://u:${mark}@h/db`,
      ...tornUrls(chance),
      `redis://:${mark}@h`,
      `${mark} x`,
    ],
    ...[
      `${mark}\n`,
      `-----BEGIN ${mark}`,
      mark?.repeat(100) ?? '',
      apiV3Key,
      `支付${mark}`,
      `://${mark}`,
    ],
  ])
}
