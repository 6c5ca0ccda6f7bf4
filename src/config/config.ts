import type { KeyObject } from 'node:crypto'
import type { Role, Scope } from '../domain/scope.ts'
import type { AlertKind, alertLanguages } from './alerts/alert-schema.ts'
import type { SourceConfig } from './sources/source-config.ts'
import type { WebhookConfig } from './webhooks/webhook-config.ts'

/** The configuration as the program uses it: parsed and checked, with its keys loaded. */
export interface Config {
  readonly server: ServerConfig
  readonly database: DatabaseConfig
  readonly engine: { readonly url: string }
  readonly recharge: RechargeConfig
  /** Whether a credit out of review, and a correction, needs a second person; absent: no. */
  readonly reviews?: { readonly fourEyes: boolean }
  /** How many days published events are kept for their consumers; absent: 90. */
  readonly events?: { readonly keepDays: number }
  /** Empty for commands that use only the database: they load no keys. */
  readonly merchants: readonly MerchantConfig[]
  /** Of each merchant whose number is configured, also where no keys are loaded. */
  readonly merchantIds: readonly MerchantId[]
  readonly log: LogConfig
  /** The keys that credits are proven by; none: credits keep no proof. */
  readonly proof: { readonly keys: readonly ProofKey[] }
  /** Tables of orders that shops keep themselves; absent: none. */
  readonly sources?: readonly SourceConfig[]
  /** Whom alerts are sent to; absent: nobody. */
  readonly alerts?: readonly AlertConfig[]
  /** Endpoints that events are sent to; absent: none. */
  readonly webhooks?: readonly WebhookConfig[]
}

/** A group robot, a program or a watchdog that is notified of what a person must know. */
export interface AlertConfig {
  /** Unique; by default that of its kind. Stands in log lines and metrics. */
  readonly name: string
  readonly kind: AlertKind
  /** A secret: who has it can write to the group. */
  readonly url: string
  /** What messages are signed with; null: nothing. */
  readonly secret: string | null
  readonly language: (typeof alertLanguages)[number]
}

/** Where the HTTP API listens, and who may call it. */
export interface ServerConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly apiToken: string | null
  /** Tokens with names, for people and programs; absent: none. */
  readonly tokens?: readonly TokenConfig[]
  /** Whether `/metrics` needs a token with `orders:read`; absent: no. */
  readonly metricsAuth?: boolean
  /** How long a login to the console is valid; absent: 12 hours. */
  readonly sessions?: { readonly hours: number }
  /** Addresses and CIDRs whose forwarded headers are trusted; absent: none. */
  readonly trustedProxies?: readonly string[]
}

/** A token, of which only the hash is known. It has a role, or scopes of its own; the other is null. */
export interface TokenConfig {
  /** Of whom: stands in sessions, order events and log lines. */
  readonly name: string
  /** SHA-256 of the token, as 64 hexadecimal digits. */
  readonly sha256: string
  readonly role: Role | null
  readonly scopes: readonly Scope[] | null
  /** From then on it is refused; null: never. */
  readonly expiresAt: Date | null
}

/** A key that credits are proven by: new ones by the first, and each is verified by its own. */
export interface ProofKey {
  /** Stands in each proof. 1 to 32 letters, digits, `_` and `-`. */
  readonly id: string
  /** 32 characters or more, random, and nowhere in the database. */
  readonly secret: string
}

/** Where orders and the ledger are kept. */
export interface DatabaseConfig {
  readonly url: string
  /** Age in days at which old runs and events that changed nothing are pruned; 0 or absent: never. */
  readonly retentionDays?: number
}

/**
 * The compensation job, and how long orders can be paid. The unit is in each name; minutes may be
 * fractions.
 */
export interface RechargeConfig {
  /** Whether runs start by the clock; default true. False: only manual runs. */
  readonly compensationEnabled: boolean
  /** Minutes from one run to the next; default 5. */
  readonly compensationIntervalMins: number
  /** Minutes from the creation of an order to its first query; default 5. */
  readonly compensationThresholdMins: number
  /** At most this many orders in one run; default 50. */
  readonly compensationBatchSize: number
  /** At most this many queries at a time in this process; default 5. */
  readonly compensationConcurrency: number
  /**
   * Waits between the queries of one order, in minutes; the last repeats. Default 5, 5, 10, 15, 30,
   * 60.
   */
  readonly compensationRecheckMins: readonly number[]
  /** Whether a run claims further batches until nothing is due; default false. */
  readonly compensationDrain: boolean
  /**
   * At most this many queries a second for each merchant without a `maxQps`, of all nodes together;
   * default 20.
   */
  readonly compensationMaxQps: number
  /** How long an order that is placed here can be paid, in minutes, up to 15 days; default 120. */
  readonly orderTtlMins: number
  /** An adopted order's number must begin with one of these; absent: any number is allowed. */
  readonly adoptPrefixes?: readonly string[]
  /**
   * The text that the trade of an adopted order must have in `attach`, with `{user_id}`; absent:
   * not compared.
   */
  readonly adoptAttach?: string | null
}

/** A merchant: one of several, or that of the section `wechat`, which is named `default`. */
export interface MerchantConfig extends WechatConfig {
  /** A label, unique, which may be changed: the identity is the gateway and the merchant number. */
  readonly name: string
  readonly gateway: 'wechatpay'
  /** At most this many queries a second; null: `recharge.compensationMaxQps`. */
  readonly maxQps: number | null
  /** Stands before the ids of its users; null: nothing does. */
  readonly userPrefix: string | null
}

/** Which merchant orders belong to: what is known of it without its keys. */
export interface MerchantId {
  readonly name: string
  readonly gateway: 'wechatpay'
  readonly mchid: string
  /** All of its app ids, the one for orders that are placed here first. */
  readonly appids: readonly string[]
}

/** What a merchant is at WeChat Pay, with its keys loaded. */
export interface WechatConfig {
  /** Without a trailing slash. */
  readonly baseUrl: string
  /** `http://USER:PASSWORD@HOST:PORT` of the proxy that every call goes through; absent: none. */
  readonly proxyUrl?: string | null
  readonly mchId: string
  /** The app under which orders are placed here. */
  readonly appId: string
  /** The apps whose orders may be adopted, `appId` included; absent: only `appId`. */
  readonly appIds?: readonly string[]
  /** The serial number of the merchant's API certificate, hexadecimal, upper case. */
  readonly serialNo: string
  readonly privateKey: KeyObject
  /** 32 bytes. */
  readonly apiV3Key: Buffer
  /** Required to place orders; not required to query, close or adopt them. */
  readonly notifyUrl: string | null
  /** WeChat Pay's public key; null: platform certificates, fetched and rotated. */
  readonly publicKey: { readonly id: string; readonly key: KeyObject } | null
  readonly timeoutMs: number
}

/** The level and the format of the log, which goes to standard error. */
export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly format: 'json' | 'pretty'
}
