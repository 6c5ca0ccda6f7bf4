import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { closeStores } from '../support/open-stores.ts'
import { backends } from './backends.ts'
import { databases } from './databases.ts'
import { endpoints } from './endpoints.ts'
import { forgers } from './forgers.ts'
import { gateways } from './gateways.ts'
import { neighbours } from './neighbours.ts'
import { operators } from './operators.ts'
import { payers } from './payers.ts'
import { secrets } from './secrets.ts'
import { openSite, type Site } from './site.ts'
import { strangers } from './strangers.ts'

const root = join(import.meta.dirname, '../..')
const document = readFileSync(join(root, 'docs/security.md'), 'utf8')

interface Row {
  readonly id: string
  readonly attack: string
  readonly tests: readonly string[]
}

const rows = rowsOf(document)
const attacks = {
  ...strangers,
  ...payers,
  ...backends,
  ...operators,
  ...neighbours,
  ...gateways,
  ...secrets,
  ...endpoints,
  ...databases,
  ...forgers,
}

const sites: Site[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

afterAll(closeStores)

describe('the attacks of docs/security.md', () => {
  it('are those that are tried here, each once', () => {
    expect(rows.map(({ id }) => id)).toEqual(Object.keys(attacks))
  })

  it('name tests that are there', () => {
    for (const { id, tests } of rows) {
      expect({ id, named: tests.length > 0 }).toEqual({ id, named: true })
      expect({ id, gone: tests.filter((path) => !existsSync(join(root, path))) }).toEqual({
        ...{ id, gone: [] },
      })
    }
  })

  it.each(rows)('fail: $id $attack', async ({ id }) => {
    const attack = attacks[id]
    if (attack === undefined) throw new Error(`Attack ${id} is not in test/security`)
    await attack(async (options) => {
      const site = await openSite(options)
      sites.push(site)
      return site
    })
  })
})

/** `| S1 | attack | by whom | what happens | tests |` */
function rowsOf(text: string): readonly Row[] {
  const table = text.slice(text.indexOf('| | attack | by whom | what happens | test |'))
  return [...table.matchAll(/^\| ([A-Z]\d+) \| (.*?) \| .* \| (.*?) \|$/gm)].map(
    ([, id = '', attack = '', tests = '']) => ({
      ...{ id, attack },
      tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
    }),
  )
}
