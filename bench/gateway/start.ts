import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { generateMerchant, type Merchant } from '../../src/simulator/index.ts'
import type { PaidOrder, Signatory, TradeState } from './answers.ts'
import type { PeerMessage, PeerRequest } from './peer.ts'

/** A gateway that answers at once. */
export interface InstantGateway {
  readonly url: string
  readonly merchant: Merchant
  /** Forgets the answers so far and signs those for these orders; good for five minutes. */
  sign(orders: readonly PaidOrder[], options?: { readonly tradeState: TradeState }): Promise<void>
  /** From now on each answer comes so much later; 0 to begin with. */
  delay(ms: number): Promise<void>
  /** When each request came since this was asked last, in milliseconds by the gateway's own clock. */
  arrivals(): Promise<readonly number[]>
  stop(): Promise<void>
}

export async function startInstantGateway(): Promise<InstantGateway> {
  const merchant = await generateMerchant()
  const peer = fork(fileURLToPath(new URL('./peer.ts', import.meta.url)), [], {
    // Not this process' own: a profiler or a test runner's loader is not for the peer.
    execArgv: ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href],
  })
  const exited = once(peer, 'exit')
  const heard = async (): Promise<PeerMessage> => {
    const gone = exited.then(([code]): never => {
      throw new Error(`The bench's gateway ended with ${String(code)}`)
    })
    const [message] = await Promise.race([once(peer, 'message'), gone])
    return message as PeerMessage
  }
  const asked = (request: PeerRequest) => {
    const answer = heard()
    peer.send(request)
    return answer
  }
  const first = await heard()
  if (!('port' in first)) throw new Error('The bench gateway did not tell its port')

  return {
    url: `http://127.0.0.1:${first.port}`,
    merchant,
    sign: async (orders, { tradeState } = { tradeState: 'SUCCESS' }) => {
      await asked({ kind: 'sign', orders, tradeState, signatory: signatoryOf(merchant) })
    },
    delay: async (ms) => void (await asked({ kind: 'delay', ms })),
    arrivals: async () => {
      const answer = await asked({ kind: 'arrivals' })
      return 'arrivals' in answer ? answer.arrivals : []
    },
    stop: async () => {
      if (peer.connected) peer.disconnect()
      await exited
    },
  }
}

function signatoryOf({ mchid, appid, wechatpay }: Merchant): Signatory {
  return {
    mchid,
    appid,
    privateKey: wechatpay.privateKeyPem,
    serial: wechatpay.publicKeyId,
  }
}
