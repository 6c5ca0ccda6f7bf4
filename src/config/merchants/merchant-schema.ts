import { z } from 'zod'
import { proxyAddressFault } from '../../servers/addresses.ts'
import { serialDigits } from '../../text/serial.ts'
import {
  integerWithin,
  numberWithin,
  oneOf,
  shown,
  textThat,
  unquoted,
  webAddressFault,
} from '../values.ts'

// Each has connections, keys and a quota of its own, and every run claims for each.
export const merchantsMax = 1000

/**
 * Queries a second. Minimum: one query in 100 s, at which a batch of 50 is queried only a few times a
 * night. Maximum: twice what one process can sign and verify in a second.
 */
export function qps() {
  return numberWithin({ min: 0.01, max: 10_000 })
}

/** Every key of a merchant, with its input as text. */
const merchantKeys = {
  base_url: textThat(baseUrlFault)
    .transform((url) => url.replace(/\/$/, ''))
    .prefault('https://api.mch.weixin.qq.com'),
  proxy_url: textThat(unquoted(proxyAddressFault)).optional(),
  mch_id: textThat((value) =>
    /^\d{1,32}$/.test(value) ? null : `${shown(value)} is not a merchant number: digits only`,
  ).optional(),
  app_id: textThat(appIdFault).optional(),
  app_ids: z
    .array(textThat(appIdFault), { error: 'must be a list of app ids, like [wx0123…]' })
    .max(100, { error: 'is a list of more than 100 app ids' })
    .optional(),
  serial_no: textThat(serialFault).transform(serialDigits).optional(),
  private_key_path: textThat(pathFault).optional(),
  private_key: textThat(pemFault).optional(),
  api_v3_key: textThat(apiV3KeyFault).optional(),
  notify_url: textThat(notifyUrlFault).optional(),
  public_key_id: textThat(publicKeyIdFault).optional(),
  public_key_path: textThat(pathFault).optional(),
  public_key: textThat(pemFault).optional(),
  // Minimum: a simulator on loopback answers in less. Maximum: after a minute the gateway has closed
  // the connection, and a query that hangs occupies one of the run's concurrent queries until then.
  timeout_ms: integerWithin({ min: 10, max: 60_000 }).prefault('5000'),
  max_qps: qps().optional(),
  user_prefix: textThat(userPrefixFault).optional(),
}

/** In the configuration file: each names a file that holds the value of the key before `_file`. */
export const merchantFileKeys = ['api_v3_key_file', 'proxy_url_file']

/** The short form of one merchant, which has the name `default`. */
export const wechatSchema = z.strictObject(merchantKeys)

/** One of `merchants:`. */
export const merchantSchema = z.strictObject({
  name: textThat(merchantNameFault),
  gateway: oneOf(['wechatpay']).prefault('wechatpay'),
  ...merchantKeys,
})

/** The name is a part of the path of callbacks, and of names in the environment. */
export function merchantNameFault(value: string): string | null {
  return /^[0-9A-Za-z][0-9A-Za-z._-]{0,62}$/.test(value)
    ? null
    : `${shown(value)} is no name of a merchant: 1 to 63 of 0-9 A-Z a-z . _ -, the first a letter or digit`
}

function userPrefixFault(value: string): string | null {
  return /^[0-9A-Za-z_.:-]{1,32}$/.test(value)
    ? null
    : `${shown(value)} begins no user id: 1 to 32 of 0-9 A-Z a-z _ . : -`
}

function appIdFault(value: string): string | null {
  return /^[0-9A-Za-z_-]{1,32}$/.test(value)
    ? null
    : `${shown(value)} is not an app id, like wx0123…`
}

/** The signature covers the path of a request, so the base URL must not have a path. */
function baseUrlFault(value: string): string | null {
  const fault = webAddressFault(value)
  if (fault !== null) return fault
  return new URL(value).pathname === '/' ? null : `${shown(value)} must not have a path`
}

function notifyUrlFault(value: string): string | null {
  const fault = webAddressFault(value)
  if (fault !== null) return fault
  return value.length > 255 ? `${shown(value)} is longer than 255 characters` : null
}

function serialFault(value: string): string | null {
  if (value.startsWith('PUB_KEY_ID_')) {
    return `${shown(value)} is a public key's id: this is the serial of the merchant's certificate`
  }
  // 32 characters that are not a serial number may be the APIv3 key on the wrong line: not printed.
  const what = value.length === 32 ? 'a value of 32 characters' : shown(value)
  return /^[0-9A-F]{1,64}$/.test(serialDigits(value))
    ? null
    : `${what} is not a serial number: hex digits only`
}

function publicKeyIdFault(value: string): string | null {
  if (/^PUB_KEY_ID_[0-9A-Za-z]{1,64}$/.test(value)) return null
  return /^[0-9A-Fa-f]{32,64}$/.test(value)
    ? `${shown(value)} is a certificate's serial number, not a public key id: it starts with PUB_KEY_ID_`
    : `${shown(value)} is not a public key id: it starts with PUB_KEY_ID_`
}

/** Never prints the key. */
export function apiV3KeyFault(value: string): string | null {
  const bytes = Buffer.byteLength(value)
  if (bytes === 32) return null
  const length = [...value].length
  if (length === 32) {
    return `a value of 32 characters has ${bytes} bytes, because some are not ASCII: an APIv3 key has 32`
  }
  const isQuoted = /^(["']).{32}\1$/s.test(value)
  const why = isQuoted ? ': take its quotes away' : ''
  return `a value of ${bytes} bytes is not an APIv3 key, which has 32${why}`
}

function pathFault(value: string): string | null {
  return value.includes('-----BEGIN') || value.includes('\n') || value.includes('\0')
    ? `a value of ${value.length} characters is not the path of a file (is it the key itself?)`
    : null
}

/** Never prints the value, because it may be a mistyped key. */
function pemFault(value: string): string | null {
  return value.includes('-----BEGIN ')
    ? null
    : `a value of ${value.length} characters is not a key in PEM form (for a file give its path, as …_path)`
}
