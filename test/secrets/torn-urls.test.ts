import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { configKeys } from '../../src/config/environment.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { openEngine } from '../../src/queue/open.ts'
import { databaseAddressFault, serverName } from '../../src/servers/addresses.ts'
import { openStore } from '../../src/store/open.ts'
import { openDirectory, runBudan, runInProcess } from '../cli/budan.ts'
import { openWorkspace } from '../config/workspace.ts'
import { runsOf } from '../support/random.ts'
import { pieceIn, type TornUrl, tornUrl } from './torn-urls.ts'

const space = openWorkspace()
const directory = openDirectory()
afterAll(() => {
  space.remove()
  directory.remove()
})

/** The whole text of the thrown error, its causes and members included. */
async function errorTextOf(work: () => unknown): Promise<string> {
  try {
    await work()
    return ''
  } catch (error) {
    return inspect(error, { depth: 8, maxStringLength: null })
  }
}

function expectNoPiece(text: string, torn: TornUrl): void {
  expect({ piece: pieceIn(text, torn), url: torn.url, text }).toMatchObject({ piece: null })
}

const keys = configKeys().filter(({ isList }) => !isList)
const addressKeys = keys.filter(({ key }) => /url$/.test(key))
const anyKey = fc.oneof(fc.constantFrom(...addressKeys), fc.constantFrom(...keys))

describe('no part of a password is printed, in whatever URL it is, by', () => {
  it('loadConfig(), from the environment and from a file, quoted or bare', async () => {
    const place = fc.constantFrom('environment', 'quoted', 'bare')
    await fc.assert(
      fc.asyncProperty(tornUrl(), anyKey, place, async (torn, { section, key, envName }, from) => {
        const load = () => {
          if (from === 'environment')
            return space.load(space.yaml(), { env: { [envName]: torn.url } })
          const text = from === 'quoted' ? JSON.stringify(torn.url) : torn.url.replaceAll('\n', '')
          return space.load(space.yaml({ [section]: { [key]: text } }))
        }
        expectNoPiece(await errorTextOf(load), torn)
      }),
      { numRuns: runsOf(2000) },
    )
  }, 120_000)

  it('the name of a server, in messages', () => {
    fc.assert(
      fc.property(tornUrl(), (torn) => {
        expectNoPiece(serverName(torn.url), torn)
        expectNoPiece(databaseAddressFault(torn.url) ?? '', torn)
      }),
      { numRuns: runsOf(2000) },
    )
  })

  it('openStore(), openEngine() and createWechatGateway() of the library', async () => {
    const [wechat] = space.load(space.yaml(), { need: 'gateway' }).merchants
    if (wechat === undefined) throw new Error('The sample has a merchant')
    const merchant = { gateway: 'wechatpay', mchid: '1', appid: 'wx1' }
    await fc.assert(
      fc.asyncProperty(tornUrl(['postgres', 'pglite', 'mysql']), async (torn) => {
        const texts = [
          await errorTextOf(async () => (await openStore(torn.url)).close()),
          await errorTextOf(() =>
            openEngine({
              ...{ url: torn.url, databaseUrl: torn.url, merchants: [merchant] },
              ...{ intervalMs: 1000, emit: () => {} },
            }),
          ),
          await errorTextOf(() =>
            createWechatGateway({ ...wechat, baseUrl: torn.url }, { emit: () => {} }),
          ),
        ]
        expectNoPiece(texts.join('\n'), torn)
      }),
      { numRuns: runsOf(300) },
    )
  }, 120_000)

  const commands = ['doctor', 'run', 'serve', 'migrate', 'orders', 'audit', 'drain']

  it('the commands, called in this process', async () => {
    const file = space.write('right.yaml', space.yaml())
    const ways = fc.constantFrom(
      ...commands.map((name) => (url: string) => ({
        args: [name, '--config', file],
        env: { DATABASE_URL: url, ENGINE_URL: url },
      })),
      (url: string) => ({ args: ['init', '--database', url], env: { WECHAT_BASE_URL: url } }),
      (url: string) => ({ args: ['init', '--base-url', url, '--notify-url', url], env: {} }),
      (url: string) => ({ args: ['init', `--databse=${url}`], env: {} }),
      (url: string) => ({ args: ['orders', '--config', url], env: {} }),
      (url: string) => ({ args: [url], env: {} }),
      (url: string) => ({ args: ['simulator', '--host', url], env: {} }),
    )
    await fc.assert(
      fc.asyncProperty(tornUrl(), ways, async (torn, way) => {
        const { args, env } = way(torn.url)
        for (const LANG of ['C', 'zh_CN.UTF-8']) {
          const { code, stdout, stderr } = await runInProcess(args, { ...env, LANG })
          expect(code).not.toBe(0)
          expectNoPiece(stdout + stderr, torn)
        }
      }),
      { numRuns: runsOf(150) },
    )
  }, 240_000)

  it('the program, started as a process', async () => {
    const file = space.write('right.yaml', space.yaml())
    const torn = fc.sample(tornUrl(['postgres']), { numRuns: commands.length, seed: 7 })
    for (const [at, each] of torn.entries()) {
      // The kernel limits the length of one variable.
      const url = each.url.slice(0, 100_000)
      const { stdout, stderr } = await runBudan([commands[at] ?? 'doctor', '--config', file], {
        cwd: directory.path,
        env: { DATABASE_URL: url },
      })
      expectNoPiece(stdout + stderr, each)
    }
  }, 240_000)
})
