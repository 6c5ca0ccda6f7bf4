import { Webhook } from 'standardwebhooks'

export interface Signed {
  /** Of the event: the same at each attempt, so that a receiver can recognize a repetition. */
  readonly id: string
  /** Of the attempt. */
  readonly at: Date
  readonly body: string
  /** All of them sign, so that the receiver may already have, or still have, any of them. */
  readonly secrets: readonly string[]
}

/** The headers of Standard Webhooks. */
export function signatureHeaders({ id, at, body, secrets }: Signed): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(+at / 1000)),
    'webhook-signature': secrets.map((each) => new Webhook(each).sign(id, at, body)).join(' '),
  }
}
