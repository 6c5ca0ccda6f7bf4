import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configKeys } from '../../src/config/environment.ts'
import { openWorkspace } from './workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())

const example = readFileSync(new URL('../../deploy/config.example.yaml', import.meta.url), 'utf8')
const manual = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')

test('config.example.yaml gives every key its default', () => {
  expect(space.load(example, { need: 'database' })).toEqual(space.load('', { need: 'database' }))
})

test('config.example.yaml shows every key, and each in a form that is taken', () => {
  const complete = example.replaceAll(/^ {2}#(\w+: )/gm, '  $1').replace(sample, 'r4nd0m-T0ken')
  const shown = leavesOf(parse(complete))
  expect(shown).toEqual(configKeys().map(({ section, key }) => `${section}.${key}`))
  expect(space.faults(complete, { need: 'database' })).toEqual([])
})

test('config.example.yaml has a table of a shop, in a form that is taken', () => {
  const { sources } = space.load(listIn('sources'), { need: 'database' })
  expect(sources).toMatchObject([{ name: 'shop', table: 'orders', days: 16, credit: 'report' }])
})

test('config.example.yaml has an endpoint of webhooks, in a form that is taken', () => {
  const secret = `whsec_${Buffer.alloc(32, 'a').toString('base64')}`
  space.write('shop_webhook_secret', `${secret}\n`)
  const { webhooks } = space.load(listIn('webhooks'), { need: 'database' })
  expect(webhooks).toMatchObject([{ name: 'shop', secrets: [secret] }])
})

test('config.example.yaml has keys of proofs, in a form that is taken', () => {
  const proofKey = '0123456789abcdef'.repeat(2)
  space.write('proof_key', `${proofKey}\n`)
  const { proof } = space.load(listIn('proof'), { need: 'database' })
  expect(proof).toEqual({ keys: [{ id: 'k1', secret: proofKey }] })
})

test('config.example.yaml has several merchants, in a form that is taken', () => {
  // The keys of merchants that are not there.
  const complete = listIn('merchants').replaceAll(/^.*api_v3_key_file.*$/gm, '')
  expect(space.load(complete, { need: 'database' }).merchantIds).toEqual([
    {
      ...{ name: 'shop-a', gateway: 'wechatpay', mchid: '1900000001' },
      appids: ['wx0123456789abcdef'],
    },
    {
      ...{ name: 'shop-b', gateway: 'wechatpay', mchid: '1900000002' },
      appids: ['wx1123456789abcdef'],
    },
  ])
})

/** A list that is behind a "#", without it, and without the rest of the example. */
function listIn(name: string): string {
  const lines = example
    .slice(example.indexOf(`\n#${name}:`))
    .trimStart()
    .split('\n')
  const end = lines.findIndex((line) => !line.startsWith('#'))
  return lines
    .slice(0, end)
    .map((line) => line.slice(1))
    .join('\n')
}

/** Nobody may serve with it, so it stands behind a "#". */
const sample = 'change-me-to-a-long-random-one'

function leavesOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path]
  const entries = Object.entries(value)
  return entries.flatMap(([key, held]) => leavesOf(held, path === '' ? key : `${path}.${key}`))
}

test('docs/configuration.md lists every key with its name in the environment', () => {
  for (const { section, key, envName } of configKeys()) {
    expect(manual).toContain(`| \`${section}.${key}\` `)
    expect(manual).toContain(`\`${envName}\``)
  }
})
