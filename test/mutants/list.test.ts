import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mutants } from '../../proof/mutants/list/index.ts'
import { mutated } from '../../proof/mutants/workshop.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe('the mutants (npm run mutants)', () => {
  it('are at least twenty, each of a name of its own', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(20)
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  })

  it.each(mutants)('can still be made: $name', (mutant) => {
    const sound = read(mutant.file)
    expect(mutated(mutant, sound) === sound).toBe(false)
  })

  it('refuse a place that is not there, or there twice', () => {
    const [mutant] = mutants
    if (mutant === undefined) throw new Error('There are no mutants')
    expect(() => mutated(mutant, '')).toThrow('occurs 0 times')
    expect(() => mutated(mutant, mutant.find + mutant.find)).toThrow('occurs 2 times')
  })
})
