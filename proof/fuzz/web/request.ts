import fc from 'fast-check'
import { garbage } from '../callback/tamper.ts'
import type { Chance } from '../chance.ts'
import { hostileJson, oddNumbers, Samples } from '../hostile.ts'
import { mutatedText, wellFormed } from '../mutate.ts'
import { payloadFor } from './payload.ts'

export interface WebRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS'
  readonly url: string
  readonly headers: Record<string, string>
  readonly payload: Buffer | null
  /** Sent with the configured token. */
  readonly trusted: boolean
}

/** The names that exist, and the valid token. */
export interface KnownNames {
  readonly token: string
  readonly orderNos: readonly string[]
  readonly userIds: readonly string[]
  readonly appIds: readonly string[]
  /** Of merchants. */
  readonly merchants: readonly string[]
}

const anyPath = new Samples(fc.webPath())
const anyQuery = new Samples(fc.webQueryParameters())
const anyName = new Samples(fc.string({ unit: 'binary', maxLength: 40 }))

const oddNames = [
  '',
  ' ',
  '.',
  '..',
  '%00',
  '%',
  '%zz',
  '%e4%b8',
  '*',
  "'",
  '__proto__',
  'constructor',
  '0',
  '-1',
  'null',
]

type Template = readonly [
  weight: number,
  method: WebRequest['method'],
  path: (names: KnownNames, chance: Chance) => string,
]

const templates: readonly Template[] = [
  [2, 'GET', () => '/healthz /readyz /openapi.json / /style.css /favicon.ico /v1 /v1/'],
  [1, 'GET', () => '/metrics'],
  [
    12,
    'GET',
    (names, chance) =>
      `/v1/orders${query(['status', 'user_id', 'limit', 'cursor', 'merchant'], chance, names)}`,
  ],
  [8, 'GET', (names, chance) => `${order(names, chance)}${ofMerchant(names, chance)}`],
  [
    8,
    'GET',
    (names, chance) =>
      `${order(names, chance)}/events${query(['limit', 'cursor', 'merchant'], chance, names)}`,
  ],
  [2, 'POST', (names, chance) => `${order(names, chance)}/check${ofMerchant(names, chance)}`],
  [5, 'POST', (names, chance) => `${order(names, chance)}/review${ofMerchant(names, chance)}`],
  [4, 'POST', (names, chance) => `${order(names, chance)}/abandon${ofMerchant(names, chance)}`],
  [9, 'PATCH', (names, chance) => `${order(names, chance)}${ofMerchant(names, chance)}`],
  [24, 'POST', () => '/v1/orders'],
  [5, 'GET', (_, chance) => `/v1/reviews${query(['dismissed', 'limit', 'cursor'], chance)}`],
  [5, 'GET', (names, chance) => `/v1/accounts/${userId(names, chance)}`],
  [
    6,
    'GET',
    (names, chance) =>
      `/v1/accounts/${userId(names, chance)}/entries${query(['limit', 'cursor'], chance)}`,
  ],
  [5, 'GET', (_, chance) => `/v1/runs${query(['limit', 'cursor'], chance)}`],
  [
    5,
    'GET',
    (_, chance) => `/v1/runs/${encodeURIComponent(chance.pick([...oddNumbers, ...oddNames]))}`,
  ],
  [2, 'POST', () => '/v1/runs'],
  [4, 'POST', () => '/v1/callbacks/wechatpay'],
  [6, 'POST', (names, chance) => `/v1/callbacks/wechatpay/${merchant(names, chance)}`],
  [4, 'GET', (_, chance) => `/v1/${anyPath.pick(chance)}?${anyQuery.pick(chance)}`],
]

/** A request as a mistaken or malicious caller might send it. */
export function requestBy(names: KnownNames, chance: Chance): WebRequest {
  const [, method, pathOf] = chance.weighed(templates.map((each) => [each[0], each] as const))
  const path = chance.pick(pathOf(names, chance).split(' '))
  const bent = chance.percent(5) ? mutatedText(path, chance) : path
  const trusted = chance.percent(85)
  return {
    method: chance.percent(93)
      ? method
      : chance.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']),
    url: urlOf(bent),
    headers: { ...headersBy(names, { chance, trusted }) },
    payload:
      method === 'POST' || method === 'PATCH' || chance.percent(3)
        ? payloadFor(path, { names, chance })
        : null,
    trusted,
  }
}

/** Encodes the characters that no client can send; keeps the others. */
function urlOf(path: string): string {
  const plain = path.replace(/[^!-~]/gu, (letter) => encodeURIComponent(wellFormed(letter)))
  return `/${plain.replaceAll('#', '%23').replace(/^[/\\]+/, '')}`
}

function headersBy(
  { token }: KnownNames,
  { chance, trusted }: { chance: Chance; trusted: boolean },
): Record<string, string> {
  const wrong = [
    'Bearer',
    'Bearer ',
    `Bearer ${token}x`,
    `Basic ${token}`,
    `Bearer ${token.slice(1)}`,
    token,
    '',
    'Bearer é',
  ]
  const types = [
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=gbk',
    'text/plain',
  ]
  const oddTypes = [
    '',
    'application/JSON',
    'multipart/form-data',
    'application/x-www-form-urlencoded',
    'a/b/c',
    ';',
    'é',
  ]
  const keys = ['k1', `k${chance.below(500)}`, '', ' ', 'x'.repeat(129), 'é', 'a b', '__proto__']
  const sealed = chance.percent(5) ? garbage(chance).headers : {}
  return {
    authorization: trusted ? `Bearer ${token}` : chance.pick(wrong),
    'content-type': chance.percent(85) ? 'application/json' : chance.pick([...types, ...oddTypes]),
    'idempotency-key': chance.pick(keys),
    ...(chance.percent(2)
      ? { 'content-length': chance.pick(['0', '-1', '1e9', '99999999', 'x']) }
      : {}),
    ...(chance.percent(2)
      ? { 'x-forwarded-for': '1.2.3.4', host: 'evil.example', 'x-http-method-override': 'DELETE' }
      : {}),
    ...Object.fromEntries(Object.entries(sealed).map(([name, value]) => [name, String(value)])),
  }
}

function orderNo({ orderNos }: KnownNames, chance: Chance): string {
  const known = chance.pick(orderNos)
  return nameOf({ known, odd: mutatedText(known, chance), chance })
}

function order(names: KnownNames, chance: Chance): string {
  return `/v1/orders/${orderNo(names, chance)}`
}

function merchant({ merchants }: KnownNames, chance: Chance): string {
  const known = chance.pick(merchants)
  return nameOf({ known, odd: mutatedText(known, chance), chance })
}

/** Mostly a merchant that there is; some callers leave it out. */
function ofMerchant(names: KnownNames, chance: Chance): string {
  if (chance.percent(25)) return ''
  const named = chance.percent(70)
    ? encodeURIComponent(chance.pick(names.merchants))
    : merchant(names, chance)
  return `?merchant=${named}`
}

function userId({ userIds }: KnownNames, chance: Chance): string {
  const known = chance.pick(userIds)
  return nameOf({ known, odd: mutatedText(known, chance), chance })
}

function nameOf({ known, odd, chance }: { known: string; odd: string; chance: Chance }): string {
  return chance.weighed<() => string>([
    [5, () => encodeURIComponent(known)],
    [3, () => encodeURIComponent(wellFormed(odd))],
    [1, () => encodeURIComponent(wellFormed(anyName.pick(chance)))],
    [1, () => chance.pick(oddNames)],
  ])()
}

function query(
  names: readonly string[],
  ...[chance, { merchants } = { merchants: [] }]: [Chance, Pick<KnownNames, 'merchants'>?]
): string {
  const parts: string[] = []
  for (let count = chance.below(4); count > 0; count -= 1) {
    const name = chance.percent(90)
      ? chance.pick(names)
      : chance.pick(['x', '__proto__', 'limit[]', ''])
    const value = chance.weighed<() => string>([
      [4, () => chance.pick([...oddNumbers])],
      [4, () => chance.pick(['pending', 'paid', 'true', 'false', 'u1', '50', '201', ...merchants])],
      [2, () => cursorLike(chance)],
      [1, () => wellFormed(anyName.pick(chance))],
      [1, () => chance.pick(oddNames)],
    ])()
    parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

/** Cursors are JSON in Base64; these are too, with other content. */
function cursorLike(chance: Chance): string {
  const kinds = ['runs', 'orders', 'entries', 'order_events', 'reviews']
  const text = chance.percent(50)
    ? hostileJson(chance)
    : JSON.stringify([
        chance.pick(kinds),
        chance.pick(['2026-10-01T08:30:00.000Z', null, 'x']),
        chance.pick(['1', 'x', null]),
      ])
  return Buffer.from(text).toString(chance.pick(['base64', 'base64url', 'hex']))
}
