import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { SignedWords } from '../../src/domain/trade.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { readWords } from '../../src/gateway/wechat/words.ts'
import { openWorld } from '../support/world.ts'

const emit = () => undefined

/** What a query and a callback of one payment leave. */
async function signedWords(): Promise<Readonly<Record<'query' | 'callback', SignedWords>>> {
  const world = await openWorld()
  const [merchant] = world.config.merchants
  if (merchant === undefined) throw new Error('No merchant')
  await world.adopt('ORDER-1')
  world.control.pay('ORDER-1')
  const gateway = createWechatGateway(merchant, { emit, clock: world.now })
  const answer = await gateway.query('ORDER-1')
  const opened = await gateway.openCallback(await world.callback('ORDER-1'))
  await gateway.stop()
  await world.close()
  if (answer.kind !== 'trade' || opened.kind !== 'opened') throw new Error('No trade')
  return { query: answer.words ?? {}, callback: opened.answer.words ?? {} }
}

describe.each(['query', 'callback'] as const)('the signed words of a %s', (source) => {
  let words: SignedWords
  beforeAll(async () => {
    words = (await signedWords())[source]
  })

  it('are read as the trade that was paid', async () => {
    expect(readWords(words)).toMatchObject({
      orderNo: 'ORDER-1',
      state: 'paid',
      amount: 100n,
    })
  })

  it('are no words any more when any part that is signed is missing or changed', async () => {
    for (const name of ['body', 'timestamp', 'nonce', 'signature', 'key']) {
      const { [name]: text = '', ...others } = words
      expect(text, name).not.toBe('')
      expect(readWords(others), name).toBeNull()
      for (const at of [0, Math.floor(text.length / 2), text.length - 1]) {
        const other = text[at] === '1' ? '2' : '1'
        const changed = text.slice(0, at) + other + text.slice(at + 1)
        const read = readWords({ ...words, [name]: changed })
        // The last characters of Base64 may hold bits that are not used.
        if (at < text.length - 1 || name === 'body') expect(read, `${name} at ${at}`).toBeNull()
      }
    }
  })

  it('must be signed with the key that is configured under their serial', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const signing = new Map([[words.serial ?? '', publicKey]])
    expect(readWords(words, { signing })).toBeNull()
    expect(readWords(words, { signing: new Map([['another', publicKey]]) })).not.toBeNull()
  })

  it.each([{}, { body: '' }, { body: 'x', key: 'x', signature: 'x' }, { body: '{}', key: 'AAAA' }])(
    'are refused where they are none: %j',
    async (none) => {
      expect(readWords(none)).toBeNull()
    },
  )
})

it('the text of a callback must be what its key opens, while that key is known', async () => {
  const { callback } = await signedWords()
  const world = await openWorld()
  const [merchant] = world.config.merchants
  const opened = (callback.opened ?? '').replace('"total":100', '"total":900')
  expect(opened).not.toBe(callback.opened)
  const opening = merchant ? [merchant.apiV3Key] : []
  expect(readWords(callback, { opening })).not.toBeNull()
  expect(readWords({ ...callback, opened }, { opening })).toBeNull()
  expect(readWords({ ...callback, opened: '' }, { opening })).toBeNull()
  await world.close()
})
