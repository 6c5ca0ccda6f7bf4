import { describe, expect, it } from 'vitest'
import { configurationFault } from '../../src/cli/doctor/configuration.ts'
import { examineProofKeys } from '../../src/cli/doctor/proof.ts'
import { completeConfig } from '../../src/config/complete.ts'
import { translatePart } from '../../src/i18n/translate.ts'
import { expectChinese } from './chinese.ts'
import { proofFaults } from './proof-sentences.ts'

const usual = completeConfig({ merchants: [] })
const keys = (...ids: string[]) => ({
  proof: { keys: ids.map((id) => ({ id, secret: `${id}-0123456789abcdef0123456789abcdef` })) },
})
const postgres = { database: { url: 'postgres://1' } }
const made = (path: string) => ({ kind: 'made', path }) as const

describe('what doctor says of proof keys', () => {
  it.each([
    [{ ...usual, ...keys('1') }, { kind: 'given' } as const],
    [{ ...usual, ...keys('1', '2', '3') }, { kind: 'given' } as const],
    [{ ...usual, ...keys('1') }, made('/1')],
    [{ ...usual, ...postgres, ...keys('1') }, made('/1')],
    [usual, made('/tmp/1')],
    [{ ...usual, ...postgres }, made('/tmp/1')],
    [usual, made('/proc/1/2/3')],
  ])('has Chinese words: %#', (config, place) => {
    const findings = examineProofKeys(config, place)
    expect(findings).toHaveLength(1)
    for (const { name, detail, next } of findings) {
      expect(translatePart(name, { set: 'place', locale: 'zh' })).toBe('证明密钥')
      expectChinese(detail)
      if (next !== null) expectChinese(next)
    }
  })
})

describe('faults of proof keys', () => {
  it.each(proofFaults)('have Chinese words: %s', (fault) => {
    expectChinese(fault)
    const { next } = configurationFault(fault)
    if (next !== null) expectChinese(next)
  })
})
