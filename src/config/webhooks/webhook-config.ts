import type { PublishedType } from '../../domain/webhooks/published-event.ts'
import type { ParsedWebhook } from './webhook-schema.ts'

/** An endpoint of a shop's own that events are sent to. */
export interface WebhookConfig {
  /** Unique. Deliveries are of this name, so another name is another endpoint. */
  readonly name: string
  /** https, or http to loopback and private addresses. */
  readonly url: string
  /** `whsec_` and base64 each. All of them sign: during a rotation the new one and the old one. */
  readonly secrets: readonly string[]
  /** What is sent; null: everything. */
  readonly types: readonly PublishedType[] | null
}

export function assembleWebhooks(parsed: readonly ParsedWebhook[]): readonly WebhookConfig[] {
  return parsed.map(({ name, url, secret, secrets = [], types = null }) => ({
    ...{ name, url, types },
    secrets: [...new Set([...(secret === undefined ? [] : [secret]), ...secrets])],
  }))
}
