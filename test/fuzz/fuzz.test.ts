import { beforeAll, describe, expect, it } from 'vitest'
import { answerTarget } from '../../proof/fuzz/answer/target.ts'
import { type CallbackOptions, callbackTarget } from '../../proof/fuzz/callback/target.ts'
import { replay, runCampaign } from '../../proof/fuzz/campaign.ts'
import { certificatesTarget } from '../../proof/fuzz/certificates/target.ts'
import { configTarget } from '../../proof/fuzz/config/target.ts'
import { adoptionTarget } from '../../proof/fuzz/files/adoption-target.ts'
import { billTarget } from '../../proof/fuzz/files/bill-target.ts'
import { exportTarget } from '../../proof/fuzz/files/export-target.ts'
import { type Keys, makeKeys } from '../../proof/fuzz/keys.ts'
import { expectFlat } from '../../proof/fuzz/memory.ts'
import { proofsTarget } from '../../proof/fuzz/proofs/target.ts'
import { simulatorTarget } from '../../proof/fuzz/simulator/target.ts'
import type { Target } from '../../proof/fuzz/target.ts'
import { webTarget } from '../../proof/fuzz/web/target.ts'
import { verifyCredit } from '../../src/audit/verify-credit.ts'
import { ConfigError } from '../../src/config/fault.ts'
import { loadConfig } from '../../src/config/load.ts'
import { decide } from '../../src/domain/decide.ts'
import type { OpenedCallback } from '../../src/gateway/gateway.ts'
import { answerOf } from '../../src/gateway/wechat/answer.ts'
import { parseJson } from '../../src/gateway/wechat/json.ts'
import { readCertificates } from '../../src/gateway/wechat/keys/certificates.ts'
import { decryptText, encryptedText } from '../../src/gateway/wechat/keys/cipher.ts'
import type { fetchCertificates } from '../../src/gateway/wechat/keys/fetch-certificates.ts'
import { readTrade } from '../../src/gateway/wechat/trade-body.ts'
import type { CreditToVerify } from '../../src/store/proofs/proof-store.ts'
import { testSeed } from '../support/random.ts'

/** A failure prints it, and `npm run fuzz` repeats the inputs. */
const seed = testSeed

let keys: Keys
beforeAll(async () => {
  keys = await makeKeys()
})

async function found(target: Target, inputs: number) {
  const report = await runCampaign({ targets: [target], keys, seed, inputs })
  return { kind: report.found?.finding.kind ?? null, report }
}

describe('a short campaign', () => {
  it.each<[Target, number]>([
    [callbackTarget(), 400],
    [answerTarget(), 1000],
    [certificatesTarget(), 300],
    [configTarget(), 100],
    [webTarget(), 120],
    [simulatorTarget(), 200],
    [billTarget(), 100],
    [exportTarget(), 100],
    [adoptionTarget(), 80],
    [proofsTarget(), 500],
  ])('finds nothing in $name', async (target, inputs) => {
    const { report } = await found(target, inputs)
    expect(report.found, `seed ${seed}`).toBeNull()
    const [figures] = report.targets
    expect(figures?.inputs).toBe(inputs)
    // A target that only rejects, or only accepts, proves nothing.
    expect(figures?.accepted).toBeGreaterThan(inputs / 100)
    expect(figures?.rejected).toBeGreaterThan(inputs / 100)
  })
})

/** Each test plants one mistake that systems of this kind have made. */
describe('a campaign finds', () => {
  it('a gateway client that accepts unsigned answers', async () => {
    const gullible: typeof answerOf = (checked) =>
      answerOf({
        ...checked,
        verification: { kind: 'valid', serial: 'x', signedAt: new Date() },
      })
    expect((await found(answerTarget({ answerOf: gullible }), 5000)).kind).toBe('wrong answer')
  })

  it('an audit that does not look at the entries', async () => {
    const blind: typeof verifyCredit = (verifying, credit) =>
      credit.entries.length === 2 && credit.entries.every(({ account }) => account !== '')
        ? verifyCredit(verifying, { ...credit, entries: entriesOf(credit) })
        : 'unproven'
    const entriesOf = ({ transfer, order }: CreditToVerify) => [
      { account: 'gateway:wechatpay', amount: -8800n, currency: 'CNY', at: transfer.createdAt },
      { account: `user:${order?.userId}`, amount: 8800n, currency: 'CNY', at: transfer.createdAt },
    ]
    expect((await found(proofsTarget({ verify: blind }), 3000)).kind).toBe('wrong answer')
  })

  it('the same again by seed and index', async () => {
    const rash: typeof answerOf = (checked) => {
      if (checked.reply.status === 404) throw new TypeError('not found')
      return answerOf(checked)
    }
    const target = answerTarget({ answerOf: rash })
    const { report } = await found(target, 1000)
    const { index = -1, finding } = report.found ?? {}
    const again = await replay(target, { keys, seed, index, alone: false })
    expect(again).toMatchObject({ target: 'answer', index })
    expect(again?.finding.input).toEqual(finding?.input)
  })

  it('a reader that accepts "success" in other letters', async () => {
    const lenient: typeof answerOf = (checked) => {
      const body = Buffer.from(checked.reply.body)
        .toString()
        .replace(/"success "?/gi, '"SUCCESS"')
      return answerOf({ ...checked, reply: { ...checked.reply, body: Buffer.from(body) } })
    }
    expect((await found(answerTarget({ answerOf: lenient }), 20_000)).kind).toBe('wrong credit')
  })

  it('a reader that throws where a body is no object', async () => {
    const rash: typeof answerOf = (checked) => {
      JSON.parse(Buffer.from(checked.reply.body).toString())
      return answerOf(checked)
    }
    expect((await found(answerTarget({ answerOf: rash }), 5000)).kind).toBe('crash')
  })

  it('a decision that ignores the amount', async () => {
    const blind: typeof decide = (order, answer, facts) =>
      answer.kind === 'trade'
        ? decide(order, { ...answer, trade: { ...answer.trade, amount: order.amount } }, facts)
        : decide(order, answer, facts)
    expect((await found(answerTarget({ decide: blind }), 20_000)).kind).toBe('wrong credit')
  })

  it('a receiver that opens callbacks without verifying their signature', async () => {
    const plant: CallbackOptions['plant'] = (gateway) => ({
      ...gateway,
      openCallback: async ({ body }) =>
        opened(body) ?? { kind: 'rejected', status: 400, reason: '' },
    })
    expect((await found(callbackTarget({ plant }), 3000)).kind).toBe('wrong credit')
  })

  it('a receiver that loses payments', async () => {
    const plant: CallbackOptions['plant'] = (gateway) => ({
      ...gateway,
      openCallback: async () => ({ kind: 'rejected', status: 500, reason: 'busy' }),
    })
    expect((await found(callbackTarget({ plant }), 2000)).kind).toBe('lost payment')
  })

  it('a reader that opens a list of certificates without verifying it', async () => {
    const fetch: typeof fetchCertificates = async (wire) => {
      const request = { method: 'GET', path: '/v3/certificates', body: '' } as const
      const reply = await wire.send(request, new AbortController().signal)
      if (reply.kind === 'no_response') throw new Error(reply.message)
      return readCertificates(reply.body, keys.apiV3Key)
    }
    expect((await found(certificatesTarget({ fetch }), 2000)).kind).toBe('wrong answer')
  })

  it('a configuration that prints a secret', async () => {
    const load: typeof loadConfig = (request) => {
      try {
        return loadConfig(request)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        throw new ConfigError(
          error.faults.map((fault) => `${fault} (${JSON.stringify(request.env)})`),
        )
      }
    }
    expect((await found(configTarget({ load }), 2000)).kind).toBe('wrong answer')
  })

  it("an API that fails on a caller's input", async () => {
    const plant = webTarget({
      plant: (store) => ({
        ...store,
        listEntries: (userId, page) => {
          if (!/^[ -~]*$/.test(userId)) throw new TypeError(`Cannot encode ${userId}`)
          return store.listEntries(userId, page)
        },
      }),
    })
    expect((await found(plant, 5000)).kind).toBe('wrong answer')
  })

  it('memory that grows, on the heap or beside it, but not memory that only varies', () => {
    const tenths = (rss: readonly number[], heapGrowth: number) =>
      rss.map((rssMb, nth) => ({ rssMb, heapMb: 100 + heapGrowth * nth }))
    const wavy = [300, 360, 310, 390, 305, 380, 330, 345, 310, 395]
    const rising = [300, 310, 320, 330, 340, 370, 380, 390, 400, 410]
    expect(() => expectFlat(tenths(wavy, 1))).not.toThrow()
    expect(() => expectFlat(tenths(wavy, 5))).toThrow('leak')
    expect(() => expectFlat(tenths(rising, 1))).toThrow('leak')
  })
})

/** Opens a callback without verifying who signed it. */
function opened(body: Uint8Array): OpenedCallback | null {
  const envelope = parseJson(body)
  const resource = typeof envelope === 'object' && envelope !== null && 'resource' in envelope
  const sealed = encryptedText.safeParse(resource ? envelope.resource : null)
  const text = sealed.success ? decryptText(sealed.data, keys.apiV3Key) : null
  const trade = text === null ? null : readTrade(parseJson(Buffer.from(text)))
  if (trade === null || trade.state !== 'paid') return null
  return { kind: 'opened', answer: { kind: 'trade', trade, evidence: {} } }
}
