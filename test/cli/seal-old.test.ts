import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { credit, place, placePaid } from '../contract/store-fixtures.ts'
import { openDirectory, runBudan, runInProcess } from './budan.ts'

// One embedded database that was used without keys; the tests build on one another.

const directory = openDirectory()
const url = `pglite:${join(directory.path, 'data')}`
const key = { PROOF_KEYS: 'k1:of this test and of more than 32 characters' }
const env = { DATABASE_URL: url, LOG_LEVEL: 'silent' }

let openNo = ''

beforeAll(async () => {
  const store = await openStore(url)
  await store.migrate()
  await placePaid(store)
  await placePaid(store)
  openNo = (await place(store)).orderNo
  await store.close()
})
afterAll(() => directory.remove())

async function unproven(): Promise<object> {
  const { stdout } = await runInProcess(['audit', '--verify', '--json'], { ...env, ...key })
  const { unproven: now, unproven_old: old } = JSON.parse(stdout)
  return { now, old }
}

/** At a terminal, where a person types this; null: the end of input. */
async function typing(line: string | null) {
  const prompts: string[] = []
  const prompt = async (text: string) => {
    prompts.push(text)
    return line
  }
  return {
    ...(await runInProcess(['audit', '--seal-old'], { ...env, ...key }, { prompt })),
    prompts,
  }
}

describe('budan audit --seal-old', () => {
  test('needs a key: 2', async () => {
    const { code, stdout, stderr } = await runInProcess(['audit', '--seal-old', '--yes'], env)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^proof\.keys: not set, and no key was made here/)
  })

  test.each([
    [['--seal-old', '--verify'], /'--seal-old' cannot be used with option '--verify'/],
    [['--yes'], /^--yes: needs --seal-old$/m],
  ])('takes no %s: 2', async (options, why) => {
    const { code, stderr } = await runInProcess(['audit', ...options], { ...env, ...key })
    expect(code).toBe(2)
    expect(stderr).toMatch(why)
  })

  test('does nothing without --yes, and says so: 1', async () => {
    const { code, stderr } = await runInProcess(['audit', '--seal-old'], { ...env, ...key })
    expect({ code, stderr }).toEqual({
      ...{ code: 1, stderr: 'Nothing was changed: give --yes to carry it out.\n' },
    })
    for (const line of [null, '', 'yes', 'seal it']) {
      const { code, stderr } = await typing(line)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^Nothing was changed: the word was not typed\.$/m)
    }
    expect(await unproven()).toEqual({ now: 2, old: 0 })
  })

  test('seals with --yes, and logs who did it', async () => {
    const { code, stdout, stderr } = await runBudan(['audit', '--seal-old', '--yes', '--json'], {
      ...{ cwd: directory.path, env: { ...env, ...key, LOG_LEVEL: 'info' } },
    })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const counts = { orders: 1, credits: 2 }
    expect(JSON.parse(stdout)).toEqual({ ...counts, until: expect.stringMatching(/^2\S+Z$/) })
    expect(JSON.parse(stderr)).toMatchObject({
      level: 'info',
      actor: userInfo().username,
      ...counts,
    })
    expect(await unproven()).toEqual({ now: 0, old: 2 })
  })

  test('seals once more what came without proofs, after the word was typed', async () => {
    const store = await openStore(url)
    await credit(store, openNo)
    await store.close()
    expect(await unproven()).toEqual({ now: 1, old: 2 })
    const { code, stdout, stderr, prompts } = await typing(' seal ')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(prompts).toEqual(['To seal it, type seal: '])
    expect(stderr).toContain('is believed as it is now')
    expect(stdout).toMatch(/^sealed orders=0 credits=1 until=2\S+\+08:00$/m)
    expect(await unproven()).toEqual({ now: 0, old: 3 })
  })

  test('speaks Chinese', async () => {
    const chinese = { ...env, ...key, LANG: 'zh_CN.UTF-8' }
    const { stdout } = await runInProcess(['audit', '--seal-old', '--yes'], chinese)
    expect(stdout).toMatch(/^已加封签：订单 0 个，入账 0 笔，截至 2/)
  })
})
