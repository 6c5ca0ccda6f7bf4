import { z } from 'zod'
import { userIdMark } from '../domain/decide.ts'
import { databaseAddressFault, serverAddressFault } from '../servers/addresses.ts'
import { alertsSchema } from './alerts/alert-schema.ts'
import { merchantSchema, merchantsMax, qps, wechatSchema } from './merchants/merchant-schema.ts'
import { defaultDatabaseUrl } from './paths.ts'
import { proofSchema } from './proof/proof-schema.ts'
import { proxyFault } from './proxies.ts'
import { sourceSchema } from './sources/source-schema.ts'
import { tokensSchema } from './tokens/token-schema.ts'
import { sampleTokenFault } from './tokens/tokens.ts'
import {
  eachOnce,
  flag,
  hostFault,
  integerWithin,
  numberFault,
  numberWithin,
  oneOf,
  shown,
  textThat,
  unquoted,
} from './values.ts'
import { webhooksSchema } from './webhooks/webhook-schema.ts'

// 60 ms. At less, a run would be due before the database has answered the claim of the run before. It
// is this low so that tests and demos can run on a fast clock.
const minsMin = 0.001
// WeChat Pay keeps an unpaid trade open for 7 days, so a longer interval or wait finds nothing new. It
// is also well below the 24.8 days that a timer of Node can wait.
const minsMax = 7 * 24 * 60

// The longest time that WeChat Pay keeps a trade open; it reduces a longer one to this.
const lifeMinsMax = 15 * 24 * 60

const mins = () => numberWithin({ min: minsMin, max: minsMax })

const server = z.strictObject({
  host: textThat(hostFault).prefault('127.0.0.1'),
  port: integerWithin({ min: 0, max: 65_535 }).prefault('8080'),
  api_token: textThat(unquoted(tokenFault)).optional(),
  tokens: tokensSchema,
  metrics_auth: flag.prefault('false'),
  sessions: z
    .strictObject({
      // Minimum: a review takes some minutes to fill in. Maximum: a login must not outlive by much the
      // employment of its user; a month is the most.
      hours: numberWithin({ min: 0.25, max: 720 }).prefault('12'),
    })
    .prefault({}),
  // Nobody writes more than 100 by hand; a whole network has a CIDR.
  trusted_proxies: z
    .array(textThat(proxyFault), { error: 'must be a list of addresses, like [10.0.0.0/8]' })
    .max(100, { error: 'is a list of more than 100 addresses' })
    .prefault([]),
})

// Minimum: an order may be open for 7 days, and the record of its queries must be kept longer; the
// database refuses to remove younger rows, too. Maximum: a century, so that an extra zero is found.
const retentionDays = { min: 7, max: 36_500, note: '0 keeps everything' }

const database = z.strictObject({
  url: textThat(unquoted(databaseAddressFault)).prefault(defaultDatabaseUrl),
  retention_days: textThat(retentionFault).transform(Number).prefault('0'),
})

const engine = z.strictObject({
  url: textThat(unquoted(engineUrlFault)).prefault('local'),
})

const recharge = z.strictObject({
  compensation_enabled: flag.prefault('true'),
  compensation_interval_mins: mins().prefault('5'),
  // Only here is 0 allowed: it queries an order from its creation on.
  compensation_threshold_mins: numberWithin({ min: 0, max: minsMax }).prefault('5'),
  // A run keeps its batch and the result of each order in memory, and stores a row for each: 10,000
  // orders need about 10 MB. A longer backlog needs more runs (`compensation_drain`), not longer ones.
  compensation_batch_size: integerWithin({ min: 1, max: 10_000 }).prefault('50'),
  // Each open query holds a connection to the gateway. At the usual 50 ms a query, a concurrency of 100
  // already sends 2,000 queries a second, several times what the gateway is known to allow a merchant.
  // The maximum is for a gateway or a network that takes ten times as long.
  compensation_concurrency: integerWithin({ min: 1, max: 1000 }).prefault('5'),
  // Nobody writes more than 100 waits by hand, and the last one repeats anyway.
  compensation_recheck_mins: z
    .array(mins(), { error: 'must be a list of minutes, like [5, 5, 10]' })
    .min(1, { error: 'is an empty list: give at least one wait' })
    .max(100, { error: 'is a list of more than 100 waits' })
    .prefault(['5', '5', '10', '15', '30', '60']),
  compensation_drain: flag.prefault('false'),
  compensation_max_qps: qps().prefault('20'),
  order_ttl_mins: numberWithin({
    min: minsMin,
    max: lifeMinsMax,
    note: 'WeChat Pay keeps no order open for longer than 15 days',
  }).prefault('120'),
  adopt_prefixes: z
    .array(textThat(prefixFault), { error: 'must be a list of beginnings, like [SHOP-]' })
    .min(1, { error: 'is an empty list: give at least one beginning, or leave the key out' })
    .max(100, { error: 'is a list of more than 100 beginnings' })
    .optional(),
  adopt_attach: textThat(attachFault).optional(),
})

const reviews = z.strictObject({
  four_eyes: flag.prefault('false'),
})

const events = z.strictObject({
  // Minimum: a consumer may be away over a weekend. Maximum: as `database.retention_days`.
  keep_days: numberWithin({ min: 3, max: 36_500 }).prefault('90'),
})

const log = z.strictObject({
  level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent']).prefault('info'),
  format: oneOf(['json', 'pretty']).prefault('json'),
})

// `same-merchant.ts` compares them with one another.
const merchants = z
  .array(merchantSchema, { error: 'must be a list, like "- name: shop"' })
  .max(merchantsMax, { error: `is a list of more than ${merchantsMax} merchants` })
  .prefault([])

// Nobody has more shops in one merchant's account; each needs two connections.
const sources = z
  .array(sourceSchema, { error: 'must be a list, like "- name: shop"' })
  .max(20, { error: 'is a list of more than 20 sources' })
  .superRefine(
    eachOnce('name', ({ name }) => `${shown(name)} is the name of another source as well`),
  )
  .prefault([])

/** Every key, with its input as text. The names of environment variables are derived from this. */
export const configSchema = z.strictObject({
  server: server.prefault({}),
  database: database.prefault({}),
  engine: engine.prefault({}),
  recharge: recharge.prefault({}),
  reviews: reviews.prefault({}),
  events: events.prefault({}),
  wechat: wechatSchema.prefault({}),
  merchants,
  log: log.prefault({}),
  proof: proofSchema.prefault({}),
  sources,
  alerts: alertsSchema,
  webhooks: webhooksSchema,
})

export type ParsedConfig = z.output<typeof configSchema>

/** Never prints the token. */
function tokenFault(value: string): string | null {
  if (!/^[\x21-\x7e]+$/.test(value)) {
    return `a value of ${value.length} characters has a blank or one beyond ASCII, which no header carries`
  }
  // 512 characters hold more bits than anybody needs, and servers refuse headers beyond about 8 KB.
  if (value.length > 512) return `a value of ${value.length} characters is longer than 512`
  return sampleTokenFault(value)
}

function retentionFault(value: string): string | null {
  return value === '0' ? null : numberFault(value, retentionDays)
}

/** Never prints the URL, because it may contain a password. */
function engineUrlFault(value: string): string | null {
  if (value === 'local') return null
  if (/^rediss?:\/\//.test(value)) return redisUrlFault(value)
  if (/^postgres(ql)?:\/\//.test(value)) return databaseAddressFault(value)
  const what = `a value of ${value.length} characters`
  return `${what} is not an engine: local, redis://…, rediss://…, postgres://… or postgresql://…`
}

/**
 * Checked here because the client guesses: it treats a database that is not a number as absent, and
 * ends the process.
 */
function redisUrlFault(value: string): string | null {
  const fault = serverAddressFault(value)
  if (fault !== null) return fault
  const { hostname, pathname, search } = new URL(value)
  if (hostname === '') return 'names no host: redis://HOST:PORT/DATABASE'
  if (search !== '') return 'must not have a query string'
  return /^\/?(\d|1[0-5])?$/.test(pathname)
    ? null
    : 'names no database of Redis: 0 to 15, or left out'
}

function prefixFault(value: string): string | null {
  return /^[0-9A-Za-z_\-|*]{1,32}$/.test(value)
    ? null
    : `${shown(value)} begins no order number: 1 to 32 of 0-9 A-Z a-z _ - | *`
}

/** Without the user's id the text would not bind the trade to its user. */
function attachFault(value: string): string | null {
  if (!value.includes(userIdMark)) return `${shown(value)} must hold ${userIdMark}`
  return value.length > 128 ? `${shown(value)} is longer than 128 characters` : null
}
