import { Agent } from 'node:http'
import { Wechatpay } from 'wechatpay-axios-plugin'
import { z } from 'zod'
import type { GatewayAddress } from './system.ts'

const tradeSchema = z.object({
  out_trade_no: z.string(),
  trade_state: z.string(),
  transaction_id: z.string().optional(),
  success_time: z.string().optional(),
  amount: z.object({ total: z.number() }),
})

export type PeerTrade = z.output<typeof tradeSchema>

export interface OrderQueries {
  /** Sends a signed query and verifies the answer. Throws unless the answer is a trade. */
  send(orderNo: string): Promise<PeerTrade>
  close(): void
}

/** Uses wechatpay-axios-plugin as its documentation shows, on keep-alive connections. */
export function openOrderQueries({ url, merchant }: GatewayAddress): OrderQueries {
  const { mchid, serialNo, privateKeyPem, wechatpay } = merchant
  const agent = new Agent({ keepAlive: true })
  const client = new Wechatpay({
    mchid,
    serial: serialNo,
    privateKey: privateKeyPem,
    certs: { [wechatpay.publicKeyId]: wechatpay.publicKeyPem },
    // Options for axios. A proxy of the machine must not be used for the loopback address.
    ...{ baseURL: url, httpAgent: agent, proxy: false, timeout: 5000 },
  })
  const trades = client.v3?.pay?.transactions?.outTradeNo?.$out_trade_no$
  if (trades === undefined) throw new Error('wechatpay-axios-plugin knows no query of orders')
  return {
    async send(orderNo) {
      const { data } = await trades.get({ params: { mchid }, out_trade_no: orderNo })
      return tradeSchema.parse(data)
    },
    close: () => agent.destroy(),
  }
}
