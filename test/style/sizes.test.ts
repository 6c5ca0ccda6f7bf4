import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const sources = ['src', 'packages/simulator/src', 'proof', 'bench', 'test'].flatMap(pathsIn)

function pathsIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
}

/** Some eight screens. */
const linesMax = 400

/** Longer than that: tables, and tests of one subject each. None may grow. */
const longFiles: Readonly<Record<string, number>> = {
  'src/store/store.ts': 497,
  'src/i18n/zh/store.ts': 427,
  'test/flow/faults.test.ts': 604,
  'test/console/orders.test.ts': 584,
  'test/unit/translate-made.test.ts': 499,
  'test/unit/translate-sources.test.ts': 405,
  'test/web/flow.test.ts': 448,
  'test/cli/init.test.ts': 442,
  'test/console/reviews.test.ts': 415,
  'test/gateway/proxy.test.ts': 410,
}

/** About a dozen: a list that is read at one glance. */
const filesMax = 14

/** Folders that have a file for each table, migration, command, page or scenario. */
const fullFolders: Readonly<Record<string, number>> = {
  'src/cli/commands': 24,
  'src/cli/doctor': 16,
  'src/i18n/zh': 21,
  'src/store/migrations': 28,
}

/** biome.json bounds the lines of a function: `noExcessiveLinesPerFunction`. */
describe('the sources', () => {
  it('have no file that is longer than eight screens', () => {
    const wrong = sources
      .map((path) => ({ path, lines: linesOf(path) }))
      .filter(({ path, lines }) => lines > (longFiles[path] ?? linesMax))
    expect(wrong, 'split the file by what its parts do').toEqual([])
  })

  it('have about a dozen files in each folder of the program, proofs and bench', () => {
    const files = new Map<string, number>()
    for (const path of sources.filter((each) => !each.startsWith('test/'))) {
      files.set(dirname(path), (files.get(dirname(path)) ?? 0) + 1)
    }
    const wrong = [...files].filter(([folder, count]) => count > (fullFolders[folder] ?? filesMax))
    expect(wrong, 'make a folder for what belongs together').toEqual([])
  })

  it('have no exception that is not needed any more, or larger than needed', () => {
    const long = Object.keys(longFiles).map((path) => [
      path,
      sources.includes(path) && linesOf(path) > linesMax ? linesOf(path) : 'not needed',
    ])
    expect(Object.fromEntries(long), 'lower it in longFiles').toEqual(longFiles)
    const full = Object.keys(fullFolders).map((folder) => {
      const count = sources.filter((path) => dirname(path) === folder).length
      return [folder, count > filesMax ? count : 'not needed']
    })
    expect(Object.fromEntries(full), 'lower it in fullFolders').toEqual(fullFolders)
  })
})

function linesOf(path: string): number {
  return readFileSync(join(root, path), 'utf8').split('\n').length - 1
}
