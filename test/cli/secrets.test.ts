import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateMerchant, merchantOptions, startSimulator, writeMerchant } from 'budan-simulator'
import { afterAll, describe, expect, it } from 'vitest'
import { configurationFor } from '../../src/demo/configuration.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openDirectory, startBudan } from './budan.ts'

const directory = openDirectory()
afterAll(() => directory.remove())

const apiToken = 'a-token-that-nobody-else-may-see'
const openid = 'oSecretPayer1234567890abcdefgh'

describe('budan serve', () => {
  it('writes no secret, token, key or full openid, whatever goes right or wrong', async () => {
    const dir = directory.path
    const merchant = await generateMerchant()
    await writeMerchant(dir, merchant)
    const simulator = await startSimulator(merchantOptions(merchant))
    const { control } = simulator
    const config = join(dir, 'budan.yaml')
    writeFileSync(config, configurationFor(simulator, merchant, { dir }))
    chmodSync(config, 0o644)
    const serve = startBudan(['serve', '--config', config], {
      cwd: dir,
      env: {
        SERVER_PORT: '0',
        SERVER_API_TOKEN: apiToken,
        DATABASE_URL: await freshPostgresUrl(),
        // Only runs by hand: the run of the start could claim an order before it is paid.
        RECHARGE_COMPENSATION_ENABLED: 'false',
        RECHARGE_COMPENSATION_THRESHOLD_MINS: '0',
        LOG_LEVEL: 'trace',
      },
    })
    const [, url = ''] = await serve.printed(/ready at (http:\S+)/)
    const pages: string[] = []
    const request = async (path: string, init: RequestInit = {}) => {
      const headers = { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' }
      const reply = await fetch(`${url}${path}`, {
        ...init,
        headers: { ...headers, ...init.headers },
      })
      const text = await reply.text()
      pages.push(text, JSON.stringify([...reply.headers]))
      return text
    }
    const post = (path: string, body: object, headers = {}) =>
      request(path, { method: 'POST', body: JSON.stringify(body), headers })
    const adopt = (order_no: string) => {
      const notify_url = `${url}/v1/callbacks/wechatpay`
      control.putOrder({ out_trade_no: order_no, total: 100, notify_url })
      return post('/v1/orders', { adopt: true, order_no, user_id: 'u1', amount: 100 })
    }

    for (const name of ['SECRET-1', 'SECRET-2', 'SECRET-3']) await adopt(name)
    await post(
      '/v1/orders',
      { user_id: 'u1', amount: 1, description: 'x' },
      { 'idempotency-key': 'k1' },
    )
    control.addFault({ operation: 'notify', times: 1, fault: { kind: 'wrong_api_key' } })
    control.pay('SECRET-1', { openid })
    await control.waitForDeliveries('SECRET-1', { attempts: 1 })
    await control.redeliver('SECRET-1')
    control.pay('SECRET-2', { openid, callback: false })
    await post('/v1/runs', {})
    for (const fault of [
      { kind: 'error', status: 401, code: 'SIGN_ERROR' },
      { kind: 'error', status: 500, body: 'html' },
      { kind: 'wrong_signature' },
      { kind: 'reset' },
    ] as const) {
      control.addFault({ operation: 'query', times: 1, fault })
      await post('/v1/orders/SECRET-3/check', {})
    }
    await request('/v1/orders', { headers: { authorization: `Bearer ${apiToken}x` } })
    await post('/v1/orders', { amount: -1 })
    for (const path of ['SECRET-1', 'SECRET-2', 'SECRET-3']) {
      await request(`/v1/orders/${path}`)
      await request(`/v1/orders/${path}/events`)
    }
    const rest = [
      '/',
      '/metrics',
      '/readyz',
      '/openapi.json',
      '/v1/runs',
      '/v1/audit',
      '/v1/orders',
    ]
    for (const path of rest) await request(path)
    await request('/v1/accounts/u1/entries')
    serve.child.kill('SIGTERM')
    const { code, stdout, stderr } = await serve.ended
    await simulator.stop()

    const written = [stdout, stderr, ...pages].join('\n')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^budan is ready at http:\S+\n$/)
    expect(stderr.includes('"wechat_status":"SUCCESS"')).toBe(true)
    expect(stderr.includes('Callback rejected')).toBe(true)
    const exposed = stderr.split('\n').filter((line) => line.includes('Everybody on this machine'))
    expect(exposed).toEqual([expect.stringContaining(`"files":["${config}"]`)])
    expect(written.includes('"credited_by":"callback"')).toBe(true)
    const keyLines = merchant.privateKeyPem.split('\n').slice(1, -2)
    for (const secret of [merchant.apiV3Key, apiToken, openid, ...keyLines]) {
      expect(written.includes(secret), 'a secret was written').toBe(false)
    }
  }, 60_000)
})
