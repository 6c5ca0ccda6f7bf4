import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exportedOf } from './exported.ts'

const exported = exportedOf(join(import.meta.dirname, '../..'))

test('everything that an embedder imports or calls says what it is', () => {
  expect(exported.length).toBeGreaterThan(200)
  const bare = exported.filter(({ isDocumented }) => !isDocumented).map(({ place }) => place)
  expect(bare, 'write /** … */ above it: units, and what it throws').toEqual([])
})
