import { secretsInAddress } from '../servers/addresses.ts'
import type { AlertConfig, Config, MerchantConfig } from './config.ts'

/** Replaces every secret in the text by `***`. */
export type Redact = (text: string) => string

/**
 * Shorter secrets are not replaced: three characters occur by chance in about every third line, and
 * are guessed by trying.
 */
const lengthMin = 4

/**
 * The last protection for error messages, because drivers and libraries may quote their input. Results
 * are never redacted, because a secret such as `1234` would change their numbers.
 */
export function redactorOf(secrets: readonly string[]): Redact {
  const known = byBeginning(secrets.flatMap(formsOf))
  return (text) => masked(bare(text), known)
}

/**
 * Secrets by their first characters, the longest first, because one may begin with another. 1,000
 * merchants have 50,000 lines of keys: to search a text for one after the other takes 30 ms.
 */
function byBeginning(secrets: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, string[]>()
  for (const secret of new Set(secrets)) {
    if (secret.length < lengthMin) continue
    const beginning = secret.slice(0, lengthMin)
    const others = known.get(beginning)
    if (others === undefined) known.set(beginning, [secret])
    else others.push(secret)
  }
  for (const each of known.values()) each.sort((a, b) => b.length - a.length)
  return known
}

/** Secrets that overlap are replaced together. */
function masked(text: string, known: ReadonlyMap<string, readonly string[]>): string {
  let shown = ''
  let end = 0
  for (let at = 0; at + lengthMin <= text.length; at += 1) {
    const here = known.get(text.slice(at, at + lengthMin))
    const found = here?.find((secret) => text.startsWith(secret, at))
    if (found === undefined) continue
    if (at >= end) shown += `${text.slice(end, at)}***`
    end = Math.max(end, at + found.length)
  }
  return shown + text.slice(end)
}

/**
 * Replaces what has the form of a secret, also one that is not ours. The match extends to the last `@`,
 * because a password may contain `@`, but not into the lines of a stack, whose file names may.
 */
function bare(text: string): string {
  return (
    text
      .replaceAll(/\b(?!file:)([a-z][a-z0-9+.-]{0,20}:\/\/)(?:(?!\n +at ).)*@/gis, '$1***@')
      // In the query of an address, in a driver's `password=…` form, or in an option.
      .replaceAll(/\b([\w-]*(?:passw(?:or)?d|passphrase|pwd|secret|token)\w*=)[^\s&'"]+/gi, '$1***')
      .replaceAll(
        /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)/gs,
        '***',
      )
  )
}

/** Redacts the error in place, because callers read its class and its other properties. */
export function redactError(error: unknown, redact: Redact): unknown {
  if (!(error instanceof Error)) return error
  for (const name of ['message', 'stack'] as const) {
    const text = error[name]
    const redacted = text === undefined ? text : redact(text)
    // Defined, not assigned: some errors inherit a read-only property from their class.
    if (redacted !== text) {
      Object.defineProperty(error, name, { value: redacted, configurable: true })
    }
  }
  return error
}

/** The secret as it is, as JSON escapes it, and as a URL encodes it. */
function formsOf(secret: string): readonly string[] {
  const encoded = secret.isWellFormed() ? encodeURIComponent(secret) : secret
  return [secret, JSON.stringify(secret).slice(1, -1), encoded]
}

/** Every secret of a configuration. A new secret key must be added here. */
export function secretsOf(config: Config): readonly string[] {
  const {
    server,
    database,
    engine,
    merchants,
    proof,
    sources = [],
    alerts = [],
    webhooks = [],
  } = config
  return [
    ...secretsInAddress(database.url),
    ...secretsInAddress(engine.url),
    ...(server.apiToken ? [server.apiToken] : []),
    ...merchants.flatMap(({ apiV3Key, privateKey, proxyUrl }) => [
      ...[apiV3Key.toString(), ...linesOf(privateKey)],
      ...(proxyUrl ? secretsInAddress(proxyUrl) : []),
    ]),
    ...proof.keys.map(({ secret }) => secret),
    ...sources.flatMap(({ url }) => secretsInAddress(url)),
    ...alerts.flatMap(secretsInAlert),
    // Some receivers take a token in the query of their address.
    ...webhooks.flatMap(({ url, secrets }) => [...secrets, new URL(url).search.slice(1)]),
  ]
}

/**
 * The key of a robot stands in the path or the query of its url. Short words of them, such as `send`, are
 * none, and would hide other texts.
 */
function secretsInAlert({ url, secret }: AlertConfig): readonly string[] {
  const { pathname, search, searchParams } = new URL(url)
  const parts = [...pathname.split('/'), ...searchParams.values()]
  const keys = parts.filter((part) => part.length >= 8 && !/^[a-z-]+$/.test(part))
  return [url, ...(search === '' ? [] : [pathname + search]), ...keys, ...(secret ? [secret] : [])]
}

/** The inner lines of a key, in both forms that its file may have. */
function linesOf(key: MerchantConfig['privateKey']): readonly string[] {
  const forms = key.asymmetricKeyType === 'rsa' ? (['pkcs8', 'pkcs1'] as const) : ['pkcs8' as const]
  return (
    forms
      .flatMap((type) => key.export({ type, format: 'pem' }).toString().split('\n'))
      // The last line may be too short to be a secret, and occur in other texts by chance.
      .filter((line) => line.length > 16 && !line.startsWith('-----'))
  )
}
