import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { commitBefore, NoHistoryError, sharedStep } from '../../proof/upgrade/version-before.ts'

const directory = mkdtempSync(join(tmpdir(), 'budan-history-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function git(cwd: string, ...args: readonly string[]): string {
  const author = ['-c', 'user.name=t', '-c', 'user.email=t@localhost']
  return execFileSync('git', [...author, ...args], { cwd, encoding: 'utf8', stdio: 'pipe' }).trim()
}

/** Three commits, of which the second adds the step. */
function history(): { root: string; before: string } {
  const root = join(directory, 'whole')
  const step = join(root, `src/store/migrations/${sharedStep}.ts`)
  mkdirSync(dirname(step), { recursive: true })
  git(root, 'init', '-q')
  git(root, 'commit', '-q', '--allow-empty', '-m', 'Begin')
  const before = git(root, 'rev-parse', 'HEAD')
  writeFileSync(step, '')
  git(root, 'add', '.')
  git(root, 'commit', '-q', '-m', 'Add the step')
  git(root, 'commit', '-q', '--allow-empty', '-m', 'Go on')
  return { root, before }
}

describe('commitBefore()', () => {
  it('is the commit before the step was added; a shallow clone, or none, has no such commit', () => {
    const { root, before } = history()
    expect(commitBefore(root)).toBe(before)
    const shallow = join(directory, 'shallow')
    git(directory, 'clone', '-q', '--depth', '2', `file://${root}`, shallow)
    expect(() => commitBefore(shallow)).toThrow(NoHistoryError)
    const none = join(directory, 'none')
    mkdirSync(none)
    expect(() => commitBefore(none)).toThrow(/--unshallow/)
  })
})
