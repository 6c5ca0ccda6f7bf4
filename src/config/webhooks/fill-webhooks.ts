import type { ConfigTree, Overlay } from '../file.ts'
import { fillItems, fillKey, type Origin, type Place, variableOf } from '../filling/fill.ts'

/**
 * Fills in the address and the secrets of endpoints. Several secrets are written one after the other, with
 * commas or on lines of their own.
 */
export function fillWebhooks(overlay: Overlay, origin: Origin): Overlay {
  return fillItems(overlay, { path: ['webhooks'], origin, fill: fillWebhook })
}

function fillWebhook(webhook: ConfigTree, at: Place): ConfigTree {
  const envName = (key: string) => variableOf('WEBHOOKS', webhook.name, key)
  const filled = fillKey(webhook, {
    ...{ key: 'secret', at, envName: envName('secret') },
    ...{ keys: ['secret', 'secrets'], valuesOf: secretsOf },
  })
  return fillKey(filled, { key: 'url', at, envName: envName('url') })
}

function secretsOf(value: string): ConfigTree {
  const secrets = value.split(/[\s,]+/).filter((each) => each !== '')
  return secrets.length > 1 ? { secrets } : { secret: value }
}
