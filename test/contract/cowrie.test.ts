import type { RawCallback } from '../../src/gateway/gateway.ts'
import { createCowrieGateway } from '../support/cowrie.ts'
import { formType, startCowrie } from '../support/cowrie-server.ts'
import { type GatewayWorld, gatewayContract } from './gateway.contract.ts'

gatewayContract('createCowrieGateway()', async (): Promise<GatewayWorld> => {
  const keys = { merchantId: 'M-1', shopId: 'S-1', secret: 'k9' }
  const server = await startCowrie(keys, { now: Date.now })
  const gateway = createCowrieGateway({
    ...{ ...keys, url: server.url, timeoutMs: 3_000, notifyUrl: 'http://127.0.0.1:9/' },
  })
  return {
    gateway,
    now: () => new Date(),
    begin: (orderNo) => server.scan(orderNo),
    async pay(orderNo): Promise<RawCallback> {
      server.pay(orderNo)
      const body = Buffer.from(server.callbackOf(orderNo))
      return { headers: { 'content-type': formType }, body }
    },
    refund: (orderNo) => server.refund(orderNo),
    impersonate: (orderNo) => server.fail(orderNo, 'unsigned'),
    silence: (orderNo) => server.fail(orderNo, 'hang'),
    stop: () => server.stop(),
  }
})
