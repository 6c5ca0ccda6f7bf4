import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { configKeys } from '../../src/config/environment.ts'
import { ConfigError } from '../../src/config/fault.ts'
import type { ConfigNeed } from '../../src/config/requirements.ts'
import { runsOf } from '../support/random.ts'
import { type LoadOptions, openWorkspace } from './workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())

/** Loads, and fails on anything but a Config or a ConfigError whose faults are single lines. */
function outcome(yaml: string, options: LoadOptions): 'config' | 'fault' {
  try {
    space.load(yaml, options)
    return 'config'
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.faults.length).toBeGreaterThan(0)
    for (const line of error.faults) expect(line).not.toMatch(/[\n\r]/)
    return 'fault'
  }
}

const need = fc.constantFrom<ConfigNeed>('database', 'gateway', 'serve')
const envName = fc.constantFrom(...configKeys().map((key) => key.envName))

test('loadConfig() gives a Config or a ConfigError for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), need, (yaml, n) => {
      outcome(yaml, { need: n })
    }),
    { numRuns: runsOf(300) },
  )
})

test('loadConfig() gives a Config or a ConfigError for any mapping', () => {
  const section = fc.constantFrom('server', 'recharge', 'wechat', 'database', 'x')
  const key = fc.oneof(fc.constantFrom(...configKeys().map((each) => each.key)), fc.string())
  const value = fc.oneof(fc.string(), fc.double(), fc.array(fc.string()), fc.constant({ a: '1' }))
  const tree = fc.dictionary(section, fc.oneof(fc.dictionary(key, value), value))
  fc.assert(
    fc.property(tree, need, (sections, n) => {
      outcome(JSON.stringify(sections), { need: n })
    }),
    { numRuns: runsOf(300) },
  )
})

test('loadConfig() gives a Config or a ConfigError for any environment', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double().map(String),
    fc.integer().map(String),
  )
  fc.assert(
    fc.property(fc.dictionary(envName, text, { maxKeys: 6 }), need, (env, n) => {
      outcome(space.yaml(), { env, need: n })
    }),
    { numRuns: runsOf(300) },
  )
})

test('loadConfig() prints no secret for any value of one', () => {
  const secrets = fc.constantFrom(
    'SERVER_API_TOKEN',
    'WECHAT_API_V3_KEY',
    'DATABASE_URL',
    'ENGINE_URL',
  )
  fc.assert(
    fc.property(
      secrets,
      fc.string({ minLength: 6 }),
      fc.constantFrom('', 'mysql://u:', 'redis://:', 'postgres://u:'),
      (name, random, prefix) => {
        const secret = `q~${random}~q`
        try {
          space.load(space.yaml(), { env: { [name]: prefix + secret } })
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
          for (const line of error.faults) expect(line).not.toContain('q~')
        }
      },
    ),
    { numRuns: runsOf(300) },
  )
})

test('loadConfig() takes every interval within its bounds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_080_000 }), (thousandths) => {
      const mins = (thousandths / 1000).toFixed(3)
      const env = { RECHARGE_COMPENSATION_INTERVAL_MINS: mins }
      expect(space.load('', { env, need: 'database' }).recharge.compensationIntervalMins).toBe(
        Number(mins),
      )
    }),
  )
})
