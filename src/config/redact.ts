import { secretsInAddress } from '../servers/addresses.ts'
import type { Config } from './config.ts'

/** Puts `***` in the place of every secret in a text that may quote one. */
export type Redact = (text: string) => string

/**
 * A secret of three characters stands by chance in every third line, and hides nothing from anybody
 * who tries. It is left where it is.
 */
const lengthMin = 4

/**
 * The last net, for errors: drivers and libraries may quote what they were given. Results are never
 * put through it, because a secret such as `1234` would change their numbers.
 */
export function redactorOf(secrets: readonly string[]): Redact {
  const known = [...new Set(secrets.flatMap(formsOf))]
    .filter((secret) => secret.length >= lengthMin)
    // The longest first: one may hold another.
    .sort((a, b) => b.length - a.length)
  return (text) => known.reduce((rest, secret) => rest.replaceAll(secret, '***'), bare(text))
}

/**
 * What is a secret by its looks, whoever's it is. Up to the last `@`, because a password may hold
 * some; but not into the lines of a stack, whose files may hold others.
 */
function bare(text: string): string {
  return (
    text
      .replaceAll(/\b(?!file:)([a-z][a-z0-9+.-]{0,20}:\/\/)(?:(?!\n +at ).)*@/gis, '$1***@')
      // In the query of an address, the words of a client's own, or an option.
      .replaceAll(/\b([\w-]*(?:passw(?:or)?d|passphrase|pwd|secret|token)\w*=)[^\s&'"]+/gi, '$1***')
      .replaceAll(
        /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)/gs,
        '***',
      )
  )
}

/** The same error, because what else it carries tells what it means, with nothing secret in its words. */
export function redactError(error: unknown, redact: Redact): unknown {
  if (!(error instanceof Error)) return error
  for (const name of ['message', 'stack'] as const) {
    const text = error[name]
    const told = text === undefined ? text : redact(text)
    // Defined anew, because some errors have these from their class, and no place to write to.
    if (told !== text) Object.defineProperty(error, name, { value: told, configurable: true })
  }
  return error
}

/** As it is, as JSON quotes it, and as a URL carries it. */
function formsOf(secret: string): readonly string[] {
  const encoded = secret.isWellFormed() ? encodeURIComponent(secret) : secret
  return [secret, JSON.stringify(secret).slice(1, -1), encoded]
}

/** Every secret of a configuration. What it is given anew belongs here as well. */
export function secretsOf(config: Config): readonly string[] {
  const { server, database, engine, wechat } = config
  return [
    ...secretsInAddress(database.url),
    ...secretsInAddress(engine.url),
    ...(server.apiToken ? [server.apiToken] : []),
    ...(wechat === null ? [] : [wechat.apiV3Key.toString(), ...linesOf(wechat.privateKey)]),
    ...(wechat?.proxyUrl ? secretsInAddress(wechat.proxyUrl) : []),
  ]
}

/** The lines of a key between its first and its last, in both of the forms that its file may have. */
function linesOf(key: NonNullable<Config['wechat']>['privateKey']): readonly string[] {
  const forms = key.asymmetricKeyType === 'rsa' ? (['pkcs8', 'pkcs1'] as const) : ['pkcs8' as const]
  return (
    forms
      .flatMap((type) => key.export({ type, format: 'pem' }).toString().split('\n'))
      // The last line may be so short that it says nothing, and stands in many texts.
      .filter((line) => line.length > 16 && !line.startsWith('-----'))
  )
}
