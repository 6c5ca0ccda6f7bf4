import { createPrivateKey, createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateMerchant, merchantOptions, type Signing, startSimulator } from 'budan-simulator'
import type { RawCallback } from '../../src/gateway/gateway.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { type GatewayWorld, gatewayContract } from '../contract/gateway.contract.ts'

gatewayContract('createWechatGateway() with a public key', () => simulated('public_key'))
gatewayContract('createWechatGateway() with certificates', () => simulated('certificate'))
gatewayContract('createWechatGateway() between the two', () => simulated('mixed'))

async function simulated(signing: Signing): Promise<GatewayWorld> {
  const merchant = await generateMerchant()
  const simulator = await startSimulator({ ...merchantOptions(merchant), signing })
  const { control } = simulator
  const ear = await listen()
  const { wechatpay } = merchant
  const key = createPublicKey(wechatpay.publicKeyPem)
  const gateway = createWechatGateway(
    {
      baseUrl: simulator.url,
      mchId: merchant.mchid,
      appId: merchant.appid,
      appIds: [merchant.appid],
      serialNo: merchant.serialNo,
      privateKey: createPrivateKey(merchant.privateKeyPem),
      apiV3Key: Buffer.from(merchant.apiV3Key),
      notifyUrl: ear.url,
      publicKey: signing === 'certificate' ? null : { id: wechatpay.publicKeyId, key },
      timeoutMs: 5_000,
    },
    { emit: () => {} },
  )
  return {
    gateway,
    now: () => control.now(),
    pay(orderNo) {
      const received = ear.next()
      control.pay(orderNo)
      return received
    },
    refund: (orderNo) => void control.refund(orderNo),
    impersonate: (orderNo) =>
      void control.addFault({
        out_trade_no: orderNo,
        operation: ['query', 'close'],
        fault: { kind: 'sign', signed: false },
      }),
    silence: (orderNo) =>
      void control.addFault({ out_trade_no: orderNo, operation: 'query', fault: { kind: 'hang' } }),
    async stop() {
      await gateway.stop()
      await simulator.stop()
      await ear.stop()
    },
  }
}

/** Where the notifications arrive. */
async function listen() {
  const waiting: ((callback: RawCallback) => void)[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    response.writeHead(204).end()
    waiting.shift()?.({ headers: request.headers, body: Buffer.concat(parts) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1/callbacks/wechatpay`,
    next: () => new Promise<RawCallback>((resolve) => waiting.push(resolve)),
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
