import type { KeyObject } from 'node:crypto'

/** The configuration as the program uses it: parsed, checked, keys loaded, minutes as configured. */
export interface Config {
  readonly server: ServerConfig
  readonly database: DatabaseConfig
  readonly engine: { readonly url: string }
  readonly recharge: RechargeConfig
  /** Null for commands that use the database alone: they open no key. */
  readonly wechat: WechatConfig | null
  readonly log: LogConfig
}

/** Where the HTTP API listens, and who may call it. */
export interface ServerConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly apiToken: string | null
  /** Of the console: how long a login is good for; absent: 12 hours. */
  readonly sessions?: { readonly hours: number }
  /** Addresses and CIDRs whose forwarded headers are believed; absent: nobody's. */
  readonly trustedProxies?: readonly string[]
}

/** Where orders and the ledger are kept. */
export interface DatabaseConfig {
  readonly url: string
  /** Age at which what carries no money is pruned; 0, or absent: everything is kept. */
  readonly retentionDays?: number
}

/**
 * The compensation job, and the life of orders. Names say their units; fractions of minutes are
 * taken.
 */
export interface RechargeConfig {
  /** Whether runs are made by the clock; default true. False: by hand alone. */
  readonly compensationEnabled: boolean
  /** From one run to the next, in minutes; default 5. */
  readonly compensationIntervalMins: number
  /** How old an order is before it is queried first, in minutes; default 5. */
  readonly compensationThresholdMins: number
  /** Orders that one run takes at most; default 50. */
  readonly compensationBatchSize: number
  /** Queries under way at a time in this process; default 5. */
  readonly compensationConcurrency: number
  /** Waits between the queries of one order, in minutes; the last repeats. Default 5, 5, 10, 15, 30, 60. */
  readonly compensationRecheckMins: readonly number[]
  /** Whether one run takes batch after batch until nothing is due; default false. */
  readonly compensationDrain: boolean
  /** Queries a second at most, of all nodes of the merchant together; default 20. */
  readonly compensationMaxQps: number
  /** How long an order that is placed here can be paid, in minutes, up to 15 days; default 120. */
  readonly orderTtlMins: number
  /** Order numbers that may be adopted begin with one of these; absent: any may. */
  readonly adoptPrefixes?: readonly string[]
  /** What the trade of an adopted order must carry in `attach`, with `{user_id}`; absent: nothing. */
  readonly adoptAttach?: string | null
}

/** The merchant at WeChat Pay, with its keys opened. */
export interface WechatConfig {
  /** Without a trailing slash. */
  readonly baseUrl: string
  /** `http://USER:PASSWORD@HOST:PORT` of the proxy that every call goes through; absent: none. */
  readonly proxyUrl?: string | null
  readonly mchId: string
  /** Under which orders are placed here. */
  readonly appId: string
  /** All under which orders may be adopted, `appId` among them; absent: `appId` alone. */
  readonly appIds?: readonly string[]
  /** Of the merchant's API certificate, hex, upper case. */
  readonly serialNo: string
  readonly privateKey: KeyObject
  /** 32 bytes. */
  readonly apiV3Key: Buffer
  /** Needed to place orders; not to query, close or adopt. */
  readonly notifyUrl: string | null
  /** WeChat Pay's public key; null: platform certificates, fetched and rotated. */
  readonly publicKey: { readonly id: string; readonly key: KeyObject } | null
  readonly timeoutMs: number
}

/** How much is logged, to standard error, and in which form. */
export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly format: 'json' | 'pretty'
}
