import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// The random tests, each forty times as often as `npm test` tries them. What comes after `--` is
// vitest's: a part of a file's name, `-t` and a test's.

const root = join(import.meta.dirname, '../..')
const random = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((path) => join('test', path))
  .filter((path) => path.endsWith('.test.ts'))
  .filter((path) => readFileSync(join(root, path), 'utf8').includes('runsOf('))
const given = process.argv.slice(2)
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--testTimeout=7200000', ...(given.length > 0 ? given : random)],
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, BUDAN_TEST_RUNS: '10' } },
)
process.exitCode = status ?? 1
