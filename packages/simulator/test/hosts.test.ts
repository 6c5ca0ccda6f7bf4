import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateMerchant, merchantOptions, type Simulator, startSimulator } from '../src/index.ts'

describe('startSimulator() with a second host', () => {
  let simulator: Simulator
  beforeAll(async () => {
    const merchant = await generateMerchant()
    simulator = await startSimulator({ ...merchantOptions(merchant), secondHost: true })
  })
  afterAll(() => simulator.stop())

  const statusAt = async (url: string | null) =>
    (await fetch(`${url}/v3/pay/transactions/out-trade-no/ORDER-1?mchid=1`)).status

  it('is the same gateway at another address', async () => {
    expect(simulator.secondUrl).not.toBe(simulator.url)
    simulator.control.putOrder({ out_trade_no: 'ORDER-1', total: 1 })
    expect(await statusAt(simulator.url)).toBe(401)
    expect(await statusAt(simulator.secondUrl)).toBe(401)
    const seen = await fetch(`${simulator.secondUrl}/_sim/orders/ORDER-1`)
    expect(await seen.json()).toMatchObject({ out_trade_no: 'ORDER-1' })
  })

  it('cuts off connections to an unreachable address; the other answers', async () => {
    simulator.control.setSwitches({ unreachable_hosts: ['main'] })
    await expect(statusAt(simulator.url)).rejects.toThrow()
    expect(await statusAt(simulator.secondUrl)).toBe(401)
    simulator.control.setSwitches({ unreachable_hosts: [] })
    expect(await statusAt(simulator.url)).toBe(401)
  })

  it('has no second host without the option', async () => {
    const merchant = await generateMerchant()
    const alone = await startSimulator(merchantOptions(merchant))
    expect(alone.secondUrl).toBeNull()
    await alone.stop()
  })
})
