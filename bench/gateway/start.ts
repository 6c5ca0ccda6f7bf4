import { generateMerchant, type Merchant } from 'budan-simulator'
import { forkModule } from '../forked/fork-module.ts'
import type { PaidOrder, Signatory, TradeState } from './answers.ts'
import type { PeerMessage, PeerRequest } from './peer.ts'

/** A gateway that answers at once. */
export interface InstantGateway {
  readonly url: string
  readonly merchant: Merchant
  /**
   * Signs the answers for these orders, which are valid for five minutes. Drops the earlier answers,
   * unless `beside` is set.
   */
  sign(orders: readonly PaidOrder[], options?: SignOptions): Promise<void>
  /**
   * Drops the earlier answers, and signs each answer on request. Every `paidEvery`th order is paid.
   */
  signOnDemand(options: { readonly paidEvery: number }): Promise<void>
  /** From now on delays each answer by `ms`, give or take a tenth. The initial delay is 0. */
  delay(ms: number): Promise<void>
  /**
   * The arrival times of all requests since the last call, in milliseconds of the gateway's own
   * clock.
   */
  arrivals(): Promise<readonly number[]>
  stop(): Promise<void>
}

interface SignOptions {
  /** Default: SUCCESS. */
  readonly tradeState?: TradeState
  readonly beside?: boolean
  /** Default: the gateway's merchant. Others have its keys. */
  readonly mchid?: string
}

export async function startInstantGateway(): Promise<InstantGateway> {
  const merchant = await generateMerchant()
  const peer = await forkModule<PeerRequest, PeerMessage>(new URL('./peer.ts', import.meta.url))
  const { send } = peer
  const first = await peer.nextMessage()
  if (!('port' in first)) throw new Error('The bench gateway did not send its port')

  return {
    url: `http://127.0.0.1:${first.port}`,
    merchant,
    sign: async (orders, options = {}) => {
      const { tradeState = 'SUCCESS', beside = false, mchid = merchant.mchid } = options
      const signatory = { ...signatoryOf(merchant), mchid }
      await send({ kind: 'sign', orders, tradeState, beside, signatory })
    },
    signOnDemand: async ({ paidEvery }) => {
      await send({ kind: 'sign on demand', paidEvery, signatory: signatoryOf(merchant) })
    },
    delay: async (ms) => void (await send({ kind: 'delay', ms })),
    arrivals: async () => {
      const answer = await send({ kind: 'arrivals' })
      return 'arrivals' in answer ? answer.arrivals : []
    },
    stop: peer.stop,
  }
}

export function signatoryOf({ mchid, appid, wechatpay }: Merchant): Signatory {
  return {
    mchid,
    appid,
    privateKey: wechatpay.privateKeyPem,
    serial: wechatpay.publicKeyId,
  }
}
