import { expect } from 'vitest'
import { type Reason, sentenceOf } from '../../src/domain/reason.ts'
import { reasonText } from '../../src/i18n/reasons.ts'
import { translate } from '../../src/i18n/translate.ts'

/** Names that are the same in every language, or have to be typed or looked for as they are. */
const names = new Set(
  `budan API APIv3 HTTP JSON UTF YAML URL IP ID DNS NTP KiB RFC PEM RSA Base64 ASCII HTTPS IPv6 IPv4 PuTTY Sentinel
   Redis PostgreSQL PgBouncer CA TLS SQL Ctrl Bearer Authorization Idempotency-Key Idempotency Key Content-Type Length
   appid mchid openid Request seen onPaid resource true false null pglite postgres postgresql redis
   rediss localhost https http wx gzip zip Excel
   description attach url local chmod openssl rand serve shell base64 A-Z a-z wx0123 Content-Length Request-
   unix zone sum column minutes sslmode sslrootcert sslcert sslkey verify-ca report ms table sources merchants alerts webhooks`.split(
    /\s+/,
  ),
)

/**
 * Latin words in a Chinese sentence that are neither names, nor quoted, nor parts of the program's
 * own vocabulary: keys with a dot or an underscore, options, error codes in capitals, URLs.
 */
export function englishIn(chinese: string): readonly string[] {
  const bare = chinese
    .replaceAll(/"[^"]*"|“[^”]*”|`[^`]*`|'[^']*'/g, ' ')
    .replaceAll(/^[a-z]+：|[a-z]+:\/\/\S*/g, ' ')
    .replaceAll(/；[a-z]+：/g, ' ')
    .replaceAll(/--[\w-]+|[\w-]*[._/][\w./-]*|\b[A-Z][A-Z0-9_]+\b|\b\d\S*/g, ' ')
  return (bare.match(/[A-Za-z][A-Za-z0-9-]*/g) ?? []).filter(
    (word) => word.length > 1 && !names.has(word),
  )
}

/**
 * Fails, with both texts, where a sentence of the program has no Chinese or keeps English words.
 * @param kept names in it that are none of the program's words.
 */
export function expectChinese(english: string, kept: readonly string[] = []): void {
  expectSaid({ english, chinese: translate(english, 'zh') }, kept)
}

/** The same of a reason, which has its own catalogue. */
export function expectChineseReason(reason: Reason): void {
  expectSaid({ english: sentenceOf(reason), chinese: reasonText(reason, 'zh') }, [])
}

function expectSaid(
  { english, chinese }: { english: string; chinese: string },
  kept: readonly string[],
): void {
  const left = englishIn(chinese).filter((word) => !kept.includes(word))
  const isSaid = /\p{Script=Han}/u.test(chinese) && left.length === 0
  expect({ english, chinese, left, isSaid }).toEqual({ english, chinese, left: [], isSaid: true })
}
