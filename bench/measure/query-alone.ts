import type { TradeAnswer } from '../../src/domain/trade.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { configOf } from '../../test/support/world.ts'
import type { InstantGateway } from '../gateway/start.ts'

/** Only signed and verified queries, without quota and metrics. */
export interface QueryAlone {
  /** Queries one order. Throws unless its trade is paid. */
  send(orderNo: string): Promise<TradeAnswer>
  stop(): Promise<void>
}

export function queryAlone(
  gateway: Pick<InstantGateway, 'url' | 'merchant'>,
  { connections }: { connections: number },
): QueryAlone {
  const [merchant] = configOf(gateway, { merchant: gateway.merchant }).merchants
  if (merchant === undefined) throw new Error('The bench has no merchant')
  const client = createWechatGateway(merchant, { emit: () => {}, connections })
  return {
    async send(orderNo) {
      const answer = await client.query(orderNo)
      if (answer.kind === 'trade' && answer.trade.state === 'paid') return answer
      throw new Error(`The bench's gateway answered "${answer.kind}" for "${orderNo}"`)
    },
    stop: () => client.stop(),
  }
}
