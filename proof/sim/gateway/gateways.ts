import type { Order } from '../../../src/domain/order.ts'
import type { GatewayOrder } from './gateway-order.ts'
import type { GatewayServer } from './server.ts'

/** The gateways of all merchants. */
export class Gateways {
  readonly all: readonly GatewayServer[]

  constructor(all: readonly GatewayServer[]) {
    this.all = all
  }

  of(mchid: string): GatewayServer {
    const found = this.all.find(({ merchant }) => merchant.mchid === mchid)
    if (found === undefined) throw new Error(`No gateway has a merchant ${mchid}`)
    return found
  }

  /** Orders of several merchants may have one number. */
  orderOf({ mchid, orderNo }: Pick<Order, 'mchid' | 'orderNo'>): GatewayOrder | undefined {
    return this.of(mchid).gatewayOrders.get(orderNo)
  }
}
