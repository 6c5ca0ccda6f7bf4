import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  apiV3Key,
  gatewayTo,
  orderNo,
  type Side,
  signatureHeaders,
  signed,
  startSide,
  tradeBody,
  unsigned,
} from './wechat-side.ts'

let side: Side
beforeAll(async () => {
  side = await startSide()
})
afterAll(() => side.stop())

const text = JSON.stringify(tradeBody())

/** Writes the start of an answer, and then what `rest` does. */
function partly(rest: (response: ServerResponse) => void): Side['answer'] {
  return (_, response) => {
    response.writeHead(200, {
      ...signatureHeaders(text),
      'content-length': Buffer.byteLength(text),
    })
    response.write(text.slice(0, 40), () => rest(response))
    return 'handled'
  }
}

describe('no whole answer', () => {
  test.each<[string, Side['answer'], string]>([
    ['nothing is answered', () => 'handled', 'timeout'],
    ['the body stops half-way', partly(() => {}), 'timeout'],
    ['the body is cut off', partly((response) => response.socket?.destroy()), 'network'],
    [
      'the connection is cut off',
      (_, response) => {
        response.socket?.destroy()
        return 'handled'
      },
      'network',
    ],
    [
      'something else than HTTP is spoken',
      (_, response) => {
        response.socket?.end('+OK ready\r\n\r\n')
        return 'handled'
      },
      'network',
    ],
    ['the body is far too large', () => signed(200, 'x'.repeat(9_000_000)), 'unparsable'],
    [
      'a body without a stated length is far too large',
      (_, response) => {
        response.writeHead(200)
        response.end('x'.repeat(9_000_000))
        return 'handled'
      },
      'unparsable',
    ],
  ])('query() is unknown when %s', async (_, answer, cause) => {
    side.answer = answer
    // Long where something must arrive: the machine may be busy.
    const { gateway, events } = gatewayTo(side, { timeoutMs: cause === 'timeout' ? 80 : 20_000 })
    for (const call of [gateway.query(orderNo), gateway.close(orderNo), gateway.probe()]) {
      expect(await call).toMatchObject({ kind: 'unknown', cause, systemic: false })
    }
    expect(events).toMatchObject(events.map(() => ({ type: 'gateway_called', outcome: cause })))
    await gateway.stop()
  })

  test('query() ends a body that trickles at its deadline', async () => {
    side.answer = partly((response) => {
      const trickle = setInterval(() => {
        response.write(' ')
      }, 5)
      response.on('close', () => clearInterval(trickle))
    })
    const { gateway } = gatewayTo(side, { timeoutMs: 250 })
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'unknown', cause: 'timeout' })
    await gateway.stop()
  })

  test('query() is unknown when nobody listens, and names the address', async () => {
    const gone = createServer().listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const { port } = gone.address() as { port: number }
    gone.close()
    await once(gone, 'close')
    const { gateway } = gatewayTo({ url: `http://127.0.0.1:${port}` })
    const answer = await gateway.query(orderNo)
    expect(answer).toMatchObject({ kind: 'unknown', cause: 'network' })
    expect(answer).toHaveProperty(
      'message',
      `Cannot query order "${orderNo}": nobody listens there (connect ECONNREFUSED 127.0.0.1:${port})`,
    )
    await gateway.stop()
  })

  test('query() ends with the signal of its caller', async () => {
    const { gateway } = gatewayTo(side, { timeoutMs: 60_000 })
    const controller = new AbortController()
    side.answer = () => {
      controller.abort()
      return 'handled'
    }
    const { signal } = controller
    expect(await gateway.query(orderNo, { signal })).toMatchObject({ cause: 'timeout' })
    const count = side.received.length
    expect(await gateway.query(orderNo, { signal })).toMatchObject({ cause: 'timeout' })
    expect(side.received).toHaveLength(count)
    await gateway.stop()
  })

  test('query() answers again as soon as the gateway does', async () => {
    const { gateway } = gatewayTo(side, { timeoutMs: 20_000 })
    side.answer = partly((response) => response.socket?.destroy())
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'unknown' })
    side.answer = () => signed(200, text)
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    await gateway.stop()
  })

  test('stop() may be called twice, and calls after it are unknown', async () => {
    const { gateway } = gatewayTo(side)
    side.answer = () => signed(200, text)
    await gateway.query(orderNo)
    await Promise.all([gateway.stop(), gateway.stop()])
    await gateway.stop()
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'unknown', cause: 'network' })
  })

  test('query() keeps its connection', async () => {
    const ports = new Set<number | undefined>()
    side.answer = (_, response) => {
      ports.add(response.socket?.remotePort)
      return signed(200, text)
    }
    const { gateway } = gatewayTo(side)
    for (let n = 0; n < 5; n += 1) await gateway.query(orderNo)
    expect(ports.size).toBe(1)
    await gateway.stop()
  })

  test('a message has neither the APIv3 key nor a signature in it', async () => {
    const { gateway } = gatewayTo(side, { timeoutMs: 20_000 })
    const results: unknown[] = []
    for (const canned of [
      unsigned(401, { code: 'SIGN_ERROR' }),
      unsigned(200, text),
      unsigned(500),
    ]) {
      side.answer = () => canned
      results.push(await gateway.query(orderNo), await gateway.close(orderNo))
    }
    const shown = JSON.stringify(results)
    expect(shown).not.toContain(apiV3Key.toString())
    expect(shown).not.toContain('WECHATPAY2')
    expect(shown).not.toContain('o6_bmjrPTlm6')
    await gateway.stop()
  })
})
