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
    'webhook-signature': secrets.map((each) => signerOf(each).sign(id, at, body)).join(' '),
  }
}

/** There are a few, and to read one takes as long as to sign with it. */
const signers = new Map<string, Webhook>()

function signerOf(secret: string): Webhook {
  const known = signers.get(secret)
  if (known !== undefined) return known
  const signer = new Webhook(secret)
  signers.set(secret, signer)
  return signer
}
