import { stringify } from 'yaml'
import { configKeys } from '../../config/environment.ts'
import { isMapping } from '../../config/file.ts'
import { configSchema } from '../../config/schema.ts'
import type { Locale } from '../../i18n/locale.ts'
import { fileWordsOf } from './comments.ts'

/** Values by their path in the configuration: `wechat.mch_id`. */
export type Answers = ReadonlyMap<string, string>

/**
 * A complete `budan.yaml`: each key with its comment, and with its answer, its default or an example.
 */
export function draftConfiguration(answers: Answers, locale: Locale): string {
  const { head } = fileWordsOf(locale)
  return `${head.map((line) => `# ${line}\n`).join('')}\n${draftSections(answers, locale)}`
}

/** The same without the lines before the first section. */
export function draftSections(answers: Answers, locale: Locale): string {
  const keys = configKeys()
  const sections = [...new Set(keys.map(({ section }) => section))].map((section) => {
    const own = keys.filter((each) => each.section === section)
    const lines = own.map(({ key }, at) => {
      const lines = keyLines(`${section}.${key}`, { answers, locale })
      return mappingLines(key, own[at - 1]?.key ?? '') + lines
    })
    return `${section}:\n${lines.join('')}`
  })
  return [...sections, ...commentedSections(locale)].join('\n')
}

/** Lists of mappings, which have no default. */
function commentedSections(locale: Locale): readonly string[] {
  const { keys, proofExample, alertsExample } = fileWordsOf(locale)
  return [
    { comment: keys['proof.keys'] ?? [], example: proofExample },
    { comment: keys.alerts ?? [], example: alertsExample },
  ].map(({ comment, example }) =>
    [...comment.map((line) => `# ${line}\n`), ...example.map((line) => `#${line}\n`)].join(''),
  )
}

/** The line of a mapping within the section, before its first key. */
function mappingLines(key: string, before: string): string {
  const mapping = key.split('.').slice(0, -1)
  if (mapping.length === 0 || before.startsWith(`${mapping.join('.')}.`)) return ''
  return mapping.map((part, depth) => `${indent(depth + 1)}${part}:\n`).join('')
}

function keyLines(path: string, { answers, locale }: { answers: Answers; locale: Locale }): string {
  const [, ...keys] = path.split('.')
  const [margin, key] = [indent(keys.length), keys.at(-1)]
  const comments = fileWordsOf(locale).keys[path] ?? []
  const lines = comments.map((line) => `${margin}# ${line}\n`).join('')
  const value = answers.get(path) ?? defaultOf(path)
  return value === null
    ? `${lines}${margin}#${key}: ${examples[path] ?? ''}\n`
    : `${lines}${margin}${key}: ${written(value)}\n`
}

function indent(depth: number): string {
  return '  '.repeat(depth)
}

const examples: Readonly<Record<string, string>> = {
  'server.api_token': 'change-me-to-a-long-random-one',
  'server.trusted_proxies': '[10.0.0.1]',
  'recharge.adopt_prefixes': '[SHOP-]',
  'recharge.adopt_attach': '"user={user_id}"',
  'wechat.mch_id': '1900000001',
  'wechat.app_id': 'wx0123456789abcdef',
  'wechat.serial_no': '5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC',
  'wechat.app_ids': '[wx1123456789abcdef]',
  'wechat.proxy_url': 'http://proxy.example.com:3128',
  'wechat.private_key_path': './apiclient_key.pem',
  'wechat.private_key': String.raw`"-----BEGIN PRIVATE KEY-----\nMII…\n-----END PRIVATE KEY-----"`,
  'wechat.api_v3_key': '32-characters-from-the-console!!',
  'wechat.notify_url': 'https://pay.example.com/v1/callbacks/wechatpay',
  'wechat.max_qps': '10',
  'wechat.user_prefix': '"shop-a:"',
  'wechat.public_key_id': 'PUB_KEY_ID_0119000000012026010100000000000000',
  'wechat.public_key_path': './pub_key.pem',
  'wechat.public_key': String.raw`"-----BEGIN PUBLIC KEY-----\nMII…\n-----END PUBLIC KEY-----"`,
}

type Scalar = string | number | boolean

function defaultOf(path: string): Scalar | readonly Scalar[] | null {
  const found = path
    .split('.')
    .reduce<unknown>(
      (held, key) => (isMapping(held) ? held[key] : undefined),
      configSchema.parse({}),
    )
  const usual = (found as Scalar | readonly Scalar[] | undefined) ?? null
  // For an empty list the example is more useful.
  return Array.isArray(usual) && usual.length === 0 ? null : usual
}

/** The value in YAML, quoted where necessary, always on one line. */
function written(value: Scalar | readonly Scalar[]): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`
  if (/\p{Cc}/u.test(String(value))) return JSON.stringify(value)
  return stringify(value, { lineWidth: 0, defaultStringType: 'PLAIN' }).trimEnd()
}
