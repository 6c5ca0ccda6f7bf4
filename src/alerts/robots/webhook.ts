import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { AlertConfig } from '../../config/config.ts'
import { minuteMs } from '../../text/time-units.ts'
import { type Alert, orderNoOf } from '../alert.ts'
import type { Collected } from '../digest.ts'
import type { Message } from '../message.ts'
import { jsonPost, type Robot } from './robot.ts'

/** A program of one's own, which gets the text and what it was made of. */
export function webhookRobot({ url, secret }: Pick<AlertConfig, 'url' | 'secret'>): Robot {
  return {
    // No program is known that takes fewer.
    limits: [{ count: 60, perMs: minuteMs }],
    bytesMax: 8192,
    request: (message, at) => {
      const body = bodyOf(message)
      return jsonPost(url, body, secret === null ? {} : signatureOf(secret, { body, at }))
    },
    judge: ({ status }) =>
      status >= 200 && status < 300
        ? { kind: 'taken' }
        : { kind: 'refused', reason: `HTTP ${status}` },
  }
}

/** As in docs/alerts.md. */
function bodyOf({ kind, text, at, node, collected, ongoing }: Message): object {
  return {
    ...{ type: 'budan.alert', timestamp: at.toISOString(), kind, text, node },
    alerts: collected.map(presentCollected),
    ongoing: ongoing.map(presentState),
  }
}

function presentCollected({ type, count, firstAt, lastAt, last }: Collected): object {
  return {
    ...{ kind: type, count },
    ...{ first_at: firstAt.toISOString(), last_at: lastAt.toISOString() },
    merchants: [...new Set(last.flatMap(({ merchant }) => merchant ?? []))],
    order_nos: last.flatMap((alert) => orderNoOf(alert) ?? []),
  }
}

function presentState({ type, at, merchant }: Alert): object {
  return { kind: type, since: at.toISOString(), merchant }
}

/** Standard Webhooks. A message that is sent again may say more, so each attempt has an id of its own. */
function signatureOf(secret: string, { body, at }: { body: object; at: Date }): object {
  const id = `alert_${randomUUID().replaceAll('-', '')}`
  return {
    ...{ 'webhook-id': id, 'webhook-timestamp': String(Math.floor(+at / 1000)) },
    'webhook-signature': new Webhook(secret).sign(id, at, JSON.stringify(body)),
  }
}
