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
  /** Signed, and its answer verified. Throws for anything but a trade. */
  send(orderNo: string): Promise<PeerTrade>
  close(): void
}

/** By wechatpay-axios-plugin, as its own pages say, on connections that are kept. */
export function openOrderQueries({ url, merchant }: GatewayAddress): OrderQueries {
  const { mchid, serialNo, privateKeyPem, wechatpay } = merchant
  const agent = new Agent({ keepAlive: true })
  const client = new Wechatpay({
    mchid,
    serial: serialNo,
    privateKey: privateKeyPem,
    certs: { [wechatpay.publicKeyId]: wechatpay.publicKeyPem },
    // What it hands on to axios. A proxy of the machine's is not for the loopback.
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
