import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  generateMerchant,
  type Merchant,
  merchantOptions,
  type Simulator,
  startSimulator,
  writeMerchant,
} from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileWordsOf } from '../../src/cli/init/comments.ts'
import { draftConfiguration, draftSections } from '../../src/cli/init/draft.ts'
import { prompts } from '../../src/cli/init/prompts.ts'
import { initWordsOf } from '../../src/cli/init/words.ts'
import { runCommand } from '../../src/cli/main.ts'
import { configKeys } from '../../src/config/environment.ts'
import { readConfigFile } from '../../src/config/file.ts'
import { loadConfig } from '../../src/config/load.ts'
import { locales } from '../../src/i18n/locale.ts'
import { type Ended, openDirectory, runBudan, runInProcess } from './budan.ts'

const directory = openDirectory()
const dir = directory.path
const own = join(dir, 'own')
const others = join(dir, 'others')

let merchant: Merchant
let simulator: Simulator

beforeAll(async () => {
  merchant = await generateMerchant()
  await writeMerchant(own, merchant)
  await writeMerchant(others, await generateMerchant())
  simulator = await startSimulator(merchantOptions(merchant))
})
afterAll(async () => {
  await simulator.stop()
  directory.remove()
})

const key = (name: string, folder = own) => join(folder, name)
const file = (name: string) => join(dir, `${name}.yaml`)

interface Answered extends Ended {
  readonly shownPrompts: readonly string[]
  /** Of what was typed unseen. */
  readonly hidden: readonly string[]
}

/** A person at a terminal, whose answers are found by the prompt: a key of the configuration, or the first word. */
async function answering(
  args: readonly string[],
  answers: Readonly<Record<string, string | readonly string[]>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const left = new Map(Object.entries(answers).map(([what, said]) => [what, [said].flat()]))
  const shownPrompts: string[] = []
  const hidden: string[] = []
  let [stdout, stderr] = ['', '']
  const code = await runCommand(args, {
    ...{ env, isInteractive: true, hasColor: false },
    out: (text) => {
      stdout += text
    },
    err: (text) => {
      stderr += text
    },
    prompt: async (prompt, options) => {
      shownPrompts.push(prompt)
      if (options?.hidden === true) hidden.push(prompt)
      const [what = ''] = /^[\w.]+(?=[ :\uff08])|Overwrite|Check/.exec(prompt) ?? []
      return left.get(what)?.shift() ?? null
    },
    stopRequested: () => new Promise(() => {}),
  })
  return { code, stdout, stderr, shownPrompts, hidden }
}

function rightAnswers() {
  return {
    'wechat.mch_id': merchant.mchid,
    'wechat.app_id': merchant.appid,
    'wechat.private_key_path': key('apiclient_key.pem'),
    'wechat.serial_no': '',
    'wechat.api_v3_key': merchant.apiV3Key,
    'wechat.public_key_id': merchant.wechatpay.publicKeyId,
    'wechat.public_key_path': key('pub_key.pem'),
    'wechat.notify_url': 'https://shop.example/v1/callbacks/wechatpay',
    'database.url': '',
    'server.api_token': '',
    Check: 'n',
  }
}

const load = (path: string) => loadConfig({ file: path, env: {}, need: 'serve' })

describe('budan init at a terminal', () => {
  test('prompts for each value, and writes a file that budan can be started with', async () => {
    const path = file('whole')
    const { code, stdout, stderr, shownPrompts } = await answering(
      ['init', '--config', path],
      rightAnswers(),
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: `wrote ${path}\n` })
    expect(shownPrompts).toHaveLength(12)
    expect(stderr).toContain('Merchant console: 账户中心 > 商户信息.')
    expect(stderr).toMatch(/Next: `budan doctor --config .*` looks at everything/)
    const { server, database, merchants } = load(path)
    expect(server.apiToken).toMatch(/^[\w-]{32}$/)
    expect(database.url).toBe(`pglite:${join(dir, 'data')}`)
    expect(merchants[0]).toMatchObject({
      ...{ mchId: merchant.mchid, appId: merchant.appid, serialNo: merchant.serialNo },
      notifyUrl: 'https://shop.example/v1/callbacks/wechatpay',
      publicKey: { id: merchant.wechatpay.publicKeyId },
    })
    expect(merchants[0]?.apiV3Key.toString()).toBe(merchant.apiV3Key)
  })

  test.skipIf(process.platform === 'win32')('lets only its owner read the file', async () => {
    expect(statSync(file('whole')).mode & 0o777).toBe(0o600)
    chmodSync(file('whole'), 0o644)
    const again = { ...rightAnswers(), Overwrite: 'y' }
    expect((await answering(['init', '--config', file('whole')], again)).code).toBe(0)
    expect(statSync(file('whole')).mode & 0o777).toBe(0o600)
  })

  test('says what is wrong with an answer, and prompts again', async () => {
    const path = file('wrong')
    const { code, stderr, shownPrompts } = await answering(['init', '--config', path], {
      ...rightAnswers(),
      'wechat.mch_id': ['', 'abc', merchant.mchid],
      'wechat.app_id': ['wx5643', 'WX0123456789ABCDEF', merchant.appid],
      'wechat.private_key_path': [
        key('gone.pem'),
        key('apiclient_cert.pem'),
        key('pub_key.pem'),
        key('apiclient_key.pem'),
      ],
      'wechat.serial_no': ['ABCDEF', key('apiclient_cert.pem', others), merchant.serialNo],
      'wechat.api_v3_key': ['a-short-secret', merchant.apiV3Key],
      'wechat.public_key_id': ['7', merchant.wechatpay.publicKeyId],
      'wechat.public_key_path': [key('apiclient_key.pem'), key('pub_key.pem')],
      'wechat.notify_url': ['http://shop.example/', 'https://shop.example/pay'],
      'database.url': ['mysql://u:hidden@h/x', 'pglite:./elsewhere'],
      'server.api_token': ['with blank', 'a-token-of-my-own-choice'],
    })
    expect(code).toBe(0)
    expect(shownPrompts).toHaveLength(27)
    for (const line of [
      'wechat.mch_id: is needed',
      'wechat.mch_id: "abc" is not a merchant number: digits only',
      `wechat.private_key_path: Cannot read private key "${key('gone.pem')}": no such file`,
      'wechat.app_id: "wx5643" is not an app id: wx and 16 hexadecimal digits',
      /^wechat\.private_key_path: private key ".*" is a certificate: give apiclient_key\.pem$/m,
      /^wechat\.private_key_path: private key ".*" is a public key: /m,
      `wechat.serial_no: ABCDEF is not that of ${key('apiclient_cert.pem')}, ${merchant.serialNo}`,
      /^wechat\.serial_no: ".*others.*" is not the certificate of this private key$/m,
      'wechat.api_v3_key: a value of 14 bytes is not an APIv3 key, which has 32',
      'wechat.public_key_id: "7" is not a public key id: it starts with PUB_KEY_ID_',
      /^wechat\.public_key_path: public key ".*" is a private key: /m,
      'wechat.notify_url: "http://shop.example/" must be https',
      'database.url: "mysql://…" is not a database',
      /^server\.api_token: a value of 10 characters has a blank/m,
    ]) {
      expect(stderr).toEqual(
        typeof line === 'string' ? expect.stringContaining(line) : expect.stringMatching(line),
      )
    }
    for (const secret of ['a-short-secret', 'hidden', 'with blank']) {
      expect(stderr).not.toContain(secret)
    }
    const { server, database } = load(path)
    expect(server.apiToken).toBe('a-token-of-my-own-choice')
    expect(database.url).toBe(`pglite:${resolve('elsewhere')}`)
  })

  test('knows the merchant’s own public half from that of WeChat Pay', async () => {
    writeFileSync(key('own_half.pem'), merchant.publicKeyPem)
    const { stderr } = await answering(['init', '--config', file('half')], {
      ...rightAnswers(),
      'wechat.public_key_path': [key('own_half.pem'), key('pub_key.pem')],
    })
    expect(stderr).toContain('wechat.public_key_path: the key is the public half of the merchant')
  })

  test('reads the serial number from the certificate beside the key, or from the one that is named', async () => {
    const beside = await answering(['init', '--config', file('beside')], rightAnswers())
    expect(beside.shownPrompts).toContain(`wechat.serial_no [${merchant.serialNo}]: `)
    expect(beside.stderr).toContain(`was read from ${key('apiclient_cert.pem')}`)
    writeFileSync(key('key.pem', dir), merchant.privateKeyPem, { mode: 0o600 })
    const named = await answering(['init', '--config', file('named')], {
      ...rightAnswers(),
      'wechat.private_key_path': key('key.pem', dir),
      'wechat.serial_no': ['', key('apiclient_cert.pem')],
    })
    expect(named.shownPrompts).toContain('wechat.serial_no: ')
    expect(load(file('named')).merchants[0]?.serialNo).toBe(merchant.serialNo)
  })

  test('does not show secrets that are typed, nor the token that it makes', async () => {
    const { hidden, shownPrompts, stdout, stderr } = await answering(
      ['init', '--config', file('hidden')],
      rightAnswers(),
    )
    expect(hidden.map((prompt) => prompt.split(' ')[0])).toEqual([
      'wechat.api_v3_key',
      'server.api_token',
    ])
    const shown = [...shownPrompts, stdout, stderr].join('\n')
    const token = load(file('hidden')).server.apiToken ?? ''
    expect(shown).not.toContain(merchant.apiV3Key)
    expect(shown).not.toContain(token)
  })

  test('takes platform certificates where there is no public key, and does without callbacks', async () => {
    const { shownPrompts } = await answering(['init', '--config', file('platform')], {
      ...rightAnswers(),
      ...{ 'wechat.public_key_id': '', 'wechat.notify_url': '' },
    })
    expect(shownPrompts.some((prompt) => prompt.startsWith('wechat.public_key_path'))).toBe(false)
    expect(load(file('platform')).merchants).toMatchObject([{ publicKey: null, notifyUrl: null }])
  })

  test('writes nothing when the input ends', async () => {
    const { code, stderr } = await answering(['init', '--config', file('ended')], {
      'wechat.mch_id': merchant.mchid,
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Nothing was written: the prompts were ended$/m)
    expect(existsSync(file('ended'))).toBe(false)
  })

  test('overwrites a file only after a yes, which it prompts for first', async () => {
    writeFileSync(file('precious'), '# mine\n')
    for (const said of ['', 'n', 'what?']) {
      const { code, shownPrompts, stderr } = await answering(
        ['init', '--config', file('precious')],
        {
          ...rightAnswers(),
          Overwrite: said,
        },
      )
      expect({ code, shownPrompts: shownPrompts.length }).toEqual({ code: 1, shownPrompts: 1 })
      expect(stderr).toBe('Nothing was written: the file stays as it is\n')
    }
    expect(readFileSync(file('precious'), 'utf8')).toBe('# mine\n')
  })

  test('names the file in what to do next so that a shell takes it', async () => {
    const path = file("it's mine")
    const { stderr } = await answering(['init', '--config', path], rightAnswers())
    expect(stderr).toContain(`budan serve --config '${dir}/it'\\''s mine.yaml'\``)
  })

  test('speaks Chinese where the environment does, in the file too', async () => {
    const path = file('chinese')
    const { stdout, stderr } = await answering(['init', '--config', path], rightAnswers(), {
      LANG: 'zh_CN.UTF-8',
    })
    expect(stdout).toBe(`已写入 ${path}\n`)
    expect(stderr).toContain('商户平台：账户中心 > API安全 > APIv3密钥。')
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('  # 每隔多少分钟补单一次。')
    expect(text).not.toMatch(/^ *# [A-Za-z ]+$/m)
    expect(load(path).merchants[0]?.mchId).toBe(merchant.mchid)
  })
})

describe('the check against the gateway', () => {
  const against = () => ['init', '--base-url', simulator.url, '--config']

  test('is offered at the end, and signs a query and verifies its answer', async () => {
    const { code, stdout, shownPrompts } = await answering([...against(), file('checked')], {
      ...rightAnswers(),
      Check: '',
    })
    expect(shownPrompts.at(-1)).toContain(`Check now whether ${simulator.url} takes`)
    expect(stdout).toMatch(/^ok +gateway +http:\S+ accepts our signature$/m)
    expect(code).toBe(0)
  })

  test('says what is wrong, and what to do; the file is written nevertheless: 1', async () => {
    const { code, stdout } = await answering([...against(), file('refused')], {
      ...rightAnswers(),
      ...{ 'wechat.mch_id': '1900009999', Check: 'y' },
    })
    expect(stdout).toMatch(/^fail +gateway /m)
    expect(stdout).toMatch(/^Next steps:\n1\. take wechat\.mch_id/m)
    expect(code).toBe(1)
    expect(load(file('refused')).merchants[0]?.mchId).toBe('1900009999')
  })
})

describe('budan init without a terminal', () => {
  const given = (path: string, ...more: string[]) => [
    ...['init', '--config', path, '--mch-id', merchant.mchid, '--app-id', merchant.appid],
    ...['--private-key', key('apiclient_key.pem'), ...more],
  ]
  const secret = () => ({ WECHAT_API_V3_KEY: merchant.apiV3Key })

  test('takes its answers from options and the environment', async () => {
    const publicKey = ['--public-key', key('pub_key.pem'), '--base-url', simulator.url, '--check']
    const { code, stdout } = await runInProcess(given(file('options'), '--json', ...publicKey), {
      ...secret(),
      WECHAT_PUBLIC_KEY_ID: merchant.wechatpay.publicKeyId,
    })
    expect(code).toBe(0)
    const made = JSON.parse(stdout)
    expect(made.config).toBe(file('options'))
    expect(made.checks).toContainEqual(expect.objectContaining({ name: 'gateway', status: 'ok' }))
    expect(stdout).not.toContain(merchant.apiV3Key)
    expect(load(file('options')).merchants[0]).toMatchObject({
      ...{ serialNo: merchant.serialNo, baseUrl: simulator.url },
      publicKey: { id: merchant.wechatpay.publicKeyId },
    })
  })

  test('says what is missing, and does not wait: 2', async () => {
    const { code, stdout, stderr } = await runBudan(['init'], { cwd: dir })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toEqual([
      '--mch-id: not given (nor is WECHAT_MCH_ID), and there is no terminal to prompt on',
      '--app-id: not given (nor is WECHAT_APP_ID), and there is no terminal to prompt on',
      '--private-key: not given (nor is WECHAT_PRIVATE_KEY_PATH), and there is no terminal to prompt on',
      '--serial-no: not given (nor is WECHAT_SERIAL_NO), and there is no terminal to prompt on',
      'WECHAT_API_V3_KEY: not set, and there is no terminal to prompt on',
    ])
    expect(existsSync(join(dir, 'budan.yaml'))).toBe(false)
  })

  test('wants both halves of a public key: 2', async () => {
    const half = ['--public-key-id', merchant.wechatpay.publicKeyId]
    const { code, stderr } = await runInProcess(given(file('half-given'), ...half), secret())
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        '--public-key: not given (nor is WECHAT_PUBLIC_KEY_PATH), and there is no terminal to prompt on\n',
    })
  })

  test('reports all wrong values at once, by option or name: 2', async () => {
    const wrong = ['init', '--mch-id', 'x', '--app-id', '', '--private-key', './gone.pem']
    const { code, stdout, stderr } = await runInProcess(
      [...wrong, '--notify-url', 'shop', '--config', file('bad')],
      { WECHAT_API_V3_KEY: 'hush', DATABASE_URL: 'mysql://u:hush@h/x' },
    )
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toEqual([
      '--mch-id: "x" is not a merchant number: digits only',
      '--app-id: is empty: give a value or leave the key out',
      '--private-key: Cannot read private key "./gone.pem": no such file',
      'WECHAT_API_V3_KEY: a value of 4 bytes is not an APIv3 key, which has 32',
      '--notify-url: "shop" is not a URL',
      expect.stringMatching(/^DATABASE_URL: "mysql:\/\/…" is not a database/),
    ])
    expect(existsSync(file('bad'))).toBe(false)
  })

  test('overwrites a file only with --force: 2 without', async () => {
    const refused = await runInProcess(given(file('precious')), secret())
    expect(refused).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: `${file('precious')}: is there already: give --force to overwrite it\n`,
    })
    expect(readFileSync(file('precious'), 'utf8')).toBe('# mine\n')
    const forced = await runInProcess(given(file('precious'), '--force'), secret())
    expect(forced.code).toBe(0)
    expect(load(file('precious')).merchants[0]?.mchId).toBe(merchant.mchid)
  })

  test.each([
    [['--config', ''], '--config: is empty: give the path of a file\n'],
    [['--config', dir], `--config: "${dir}" is a directory\n`],
    [
      ['--config', join(dir, 'nowhere', 'x.yaml')],
      `Cannot write configuration "${join(dir, 'nowhere', 'x.yaml')}": its directory is not there\n`,
    ],
  ])(
    'says of %j that nothing can be written there, before anything else: 2',
    async (args, message) => {
      const { code, stderr } = await runInProcess(['init', ...args], {})
      expect({ code, stderr }).toEqual({ code: 2, stderr: message })
    },
  )
})

describe('draftConfiguration()', () => {
  test.each(locales)('comments every key in %s, and leaves each at its default', (locale) => {
    for (const { section, key } of configKeys()) {
      expect(
        fileWordsOf(locale).keys[`${section}.${key}`]?.length,
        `${section}.${key}`,
      ).toBeTruthy()
    }
    const path = file(`draft-${locale}`)
    writeFileSync(path, draftConfiguration(new Map(), locale))
    const usual = loadConfig({ file: path, env: {}, need: 'database' })
    expect(readFileSync(path, 'utf8')).toMatch(
      /\n#proof:\n# {2}keys:\n# {4}# .*\n# {4}- \{ id: k1, secret_file: /,
    )
    writeFileSync(path, '')
    expect(usual).toEqual(loadConfig({ file: path, env: {}, need: 'database' }))
  })

  test('says of each key what deploy/config.example.yaml says', () => {
    const example = readFileSync(
      new URL('../../deploy/config.example.yaml', import.meta.url),
      'utf8',
    )
    // Of lists it has one item behind a "#"; init writes one merchant, and tables that it was shown.
    const lists = example.indexOf('\n# Several merchants')
    expect(lists).toBeGreaterThan(0)
    const sections = example.slice(example.indexOf('server:'), lists)
    expect(draftSections(new Map(), 'en')).toBe(
      sections.replaceAll('"pglite:./data"', 'pglite:./data'),
    )
  })

  test.each([
    '0123456789 #\'"\\:{}[]&*!|>%@0123',
    '00000000000000000000000000000001',
    '1e3',
    'yes',
    'ünïcödé-密钥',
    'a\tb\nc',
  ])('keeps the value %j as it is', (value) => {
    const path = file('value')
    const answers = new Map([['wechat.api_v3_key', value]])
    writeFileSync(path, draftConfiguration(answers, 'en'))
    expect(readConfigFile(path).wechat).toMatchObject({ api_v3_key: value })
  })
})

test.each(locales)('initWordsOf(%s) has words for every prompt', (locale) => {
  const words = initWordsOf(locale).prompts
  for (const { path, isPrompted } of prompts) {
    if (isPrompted(new Map([['wechat.public_key_id', 'x']]))) {
      expect(words[path]?.where.length, path).toBeTruthy()
    }
  }
})
