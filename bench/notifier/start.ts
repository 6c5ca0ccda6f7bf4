import { forkModule } from '../forked/fork-module.ts'
import type { PaidOrder } from '../gateway/answers.ts'
import { type InstantGateway, signatoryOf } from '../gateway/start.ts'
import type { Posted, Posting, SenderMessage, SenderRequest } from './sender.ts'

/** Sends a gateway's notifications of payments. */
export interface Notifier {
  /**
   * Drops the earlier notifications and signs one for each of these orders; valid for five minutes.
   */
  sign(orders: readonly PaidOrder[]): Promise<void>
  /** Throws unless each is answered with 204. */
  post(posting: Posting): Promise<Posted>
  stop(): Promise<void>
}

/** Starts a notifier for the merchant of `gateway`. */
export async function startNotifier({
  merchant,
}: Pick<InstantGateway, 'merchant'>): Promise<Notifier> {
  const peer = await forkModule<SenderRequest, SenderMessage>(
    new URL('./sender.ts', import.meta.url),
  )
  const sender = { ...signatoryOf(merchant), apiV3Key: merchant.apiV3Key }
  return {
    sign: async (orders) => void (await peer.send({ kind: 'sign', orders, sender })),
    post: async (posting) => {
      const answer = await peer.send({ kind: 'post', ...posting })
      if (!('posted' in answer)) throw new Error('The notifier did not report what it has posted')
      const { statuses } = answer.posted
      if (statuses[204] !== posting.count) {
        const counts = JSON.stringify(statuses)
        throw new Error(`${posting.count} callbacks were answered ${counts} (by status)`)
      }
      return answer.posted
    },
    stop: peer.stop,
  }
}
