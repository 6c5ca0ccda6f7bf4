import type { WebhookConfig } from '../../src/config/webhooks/webhook-config.ts'
import { forkModule } from '../forked/fork-module.ts'
import type { Stage } from '../part.ts'
import type { Received, ReceiverMessage, ReceiverRequest } from './receiver.ts'

export interface Receivers {
  readonly endpoints: readonly WebhookConfig[]
  /** What was received since the last call, by the name of its endpoint. */
  take(): Promise<Received>
  /**
   * Requests to these endpoints wait without an answer until a later call does not name them. That call
   * answers them.
   */
  hang(names: readonly string[]): Promise<void>
}

const secret = `whsec_${Buffer.from('a secret of the bench, 32 bytes!').toString('base64')}`

export async function startReceivers(
  { closing }: Pick<Stage, 'closing'>,
  count: number,
): Promise<Receivers> {
  const child = closing.add(
    await forkModule<ReceiverRequest, ReceiverMessage>(new URL('./receiver.ts', import.meta.url)),
    (started) => started.stop(),
  )
  const message = await child.nextMessage()
  if (!('port' in message)) throw new Error('The receiver did not start')
  let hanging: readonly string[] = []
  const take = async (): Promise<Received> => {
    const answer = await child.send({ hanging: hanging.map((name) => `/${name}`) })
    if (!('received' in answer)) throw new Error('The receiver did not answer')
    return Object.fromEntries(
      Object.entries(answer.received).map(([path, times]) => [path.slice(1), times]),
    )
  }
  return {
    endpoints: Array.from({ length: count }, (_, nth) => ({
      name: `endpoint-${nth}`,
      url: `http://127.0.0.1:${message.port}/endpoint-${nth}`,
      secrets: [secret],
      types: null,
    })),
    take,
    hang: async (names) => {
      hanging = names
      await take()
    },
  }
}
