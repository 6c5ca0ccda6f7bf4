import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** What people read now; a decision is a record of its day, and names the files of then. */
const documents = ['.', 'docs'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
)

/** `src/domain/decide.ts`, wherever it stands in a text. */
const sourcePath = /\b(?:src|test|proof|bench|packages)\/[\w./-]+\.(?:tsx?|mjs)\b/g

describe('the documentation', () => {
  it.each(documents)('%s names files that are there', (path) => {
    const named = readFileSync(join(root, path), 'utf8').match(sourcePath) ?? []
    expect([...new Set(named)].filter((file) => !existsSync(join(root, file)))).toEqual([])
  })
})
