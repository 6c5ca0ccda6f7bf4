import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { configJsonSchema } from '../../src/cli/init/json-schema.ts'
import { configKeys } from '../../src/config/environment.ts'

const root = join(import.meta.dirname, '../..')
const schema = configJsonSchema()
const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema)

function faultsOf(yaml: string): readonly string[] {
  return validate(parse(yaml))
    ? []
    : (validate.errors ?? []).map(({ instancePath }) => instancePath)
}

describe('config.schema.json', () => {
  it('is what the program checks now (npm run config-schema writes it)', () => {
    const written = JSON.parse(readFileSync(join(root, 'config.schema.json'), 'utf8'))
    expect(written).toEqual(JSON.parse(JSON.stringify(schema)))
  })

  it('has every key, each with what the example says of it', () => {
    for (const { section, key } of configKeys()) {
      const path = [section, ...key.split('.')]
      const node = path.reduce<{ properties?: Record<string, never> } | undefined>(
        (at, part) => at?.properties?.[part],
        schema as { properties?: Record<string, never> },
      )
      expect(node, path.join('.')).toHaveProperty('description')
    }
  })

  it('takes the example, a preset for a source, and merchants with their secrets in files', () => {
    expect(faultsOf(readFileSync(join(root, 'deploy/config.example.yaml'), 'utf8'))).toEqual([])
    expect(faultsOf('sources: [{ name: a, preset: sub2api, url_file: /run/url }]')).toEqual([])
    expect(
      faultsOf('merchants: [{ name: a, mch_id: 1900000001, api_v3_key_file: /run/key }]'),
    ).toEqual([])
    expect(faultsOf('proof: { keys: [{ id: a, secret_file: /run/key }] }')).toEqual([])
    expect(faultsOf('server: { tokens: [{ name: a, sha256: abc, role: viewer }] }')).toEqual([])
  })

  it.each([
    ['sever: { port: 1 }', ''],
    ['server: { prot: 1 }', '/server'],
    ['server: { port: [1] }', '/server/port'],
    ['log: { level: loud }', '/log/level'],
    ['merchants: [{ mch_id: 1 }]', '/merchants/0'],
    ['proof: { keys: [] }', '/proof/keys'],
    ['proof: { keys: [{ secret: a }] }', '/proof/keys/0'],
    ['merchants: { name: a }', '/merchants'],
    ['merchants: [{ name: a, gateway: paypal }]', '/merchants/0/gateway'],
    ['server: { tokens: [{ name: a, sha256: abc, role: root }] }', '/server/tokens/0/role'],
  ])('refuses %s', (yaml, place) => {
    expect(faultsOf(yaml)).toContain(place)
  })
})
