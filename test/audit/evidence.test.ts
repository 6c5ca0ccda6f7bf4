import { expect, it } from 'vitest'
import { decryptWords, encryptWords } from '../../src/proof/evidence.ts'
import { type DerivedKey, ProofKeys } from '../../src/proof/keys.ts'
import { testProofKeys } from '../support/stores.ts'

const owner = { gateway: 'wechatpay', mchid: '1900000001', orderNo: 'ORDER-1' }
const words = { body: '{"openid":"oUpF8uMuAJO"}', signature: 'c2lnbg==' }

function keyOf(secret = testProofKeys[0]?.secret ?? ''): DerivedKey {
  const { current } = new ProofKeys([{ id: 'k1', secret }])
  if (current === null) throw new Error('No key')
  return current
}

it('is read again by its key, for its order, and shows nothing without', () => {
  const evidence = encryptWords(keyOf(), words, owner)
  expect(decryptWords(keyOf(), evidence, owner)).toEqual(words)
  expect(evidence.toString('latin1')).not.toContain('oUpF8uMuAJO')
  expect(encryptWords(keyOf(), words, owner).equals(evidence)).toBe(false)
})

it.each([
  { ...owner, orderNo: 'ORDER-2' },
  { ...owner, mchid: '1900000002' },
  { ...owner, gateway: 'another' },
])('is none when it is of another order: %j', (other) => {
  expect(decryptWords(keyOf(), encryptWords(keyOf(), words, owner), other)).toBeNull()
})

it('is none by another key', () => {
  const evidence = encryptWords(keyOf(), words, owner)
  expect(
    decryptWords(keyOf('another secret, with more than 32 characters'), evidence, owner),
  ).toBeNull()
})

it('is none when it is cut, or any byte of it is changed', () => {
  const evidence = encryptWords(keyOf(), words, owner)
  for (let at = 0; at < evidence.length; at += 1) {
    const changed = Buffer.from(evidence)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(decryptWords(keyOf(), changed, owner)).toBeNull()
    expect(decryptWords(keyOf(), evidence.subarray(0, at), owner)).toBeNull()
    expect(decryptWords(keyOf(), evidence.subarray(evidence.length - at), owner)).toBeNull()
  }
})
