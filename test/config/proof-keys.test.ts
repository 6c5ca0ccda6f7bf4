import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { completeConfig } from '../../src/config/complete.ts'
import { isExposed } from '../../src/config/exposed.ts'
import { loadConfig, proofKeysPlace, secretFiles } from '../../src/config/load.ts'
import { makeKeys, readMadeKeys } from '../../src/config/proof/made-keys.ts'
import { redactorOf, secretsOf } from '../../src/config/redact.ts'
import { faultsOf, openWorkspace } from './workspace.ts'

const space = openWorkspace()
const home = process.cwd()
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'budan-proof-'))
})
afterEach(() => {
  process.chdir(home)
  rmSync(directory, { recursive: true, force: true })
})
afterAll(() => space.remove())

const secret = (of: string) => `${of}-0123456789abcdef0123456789ABCDEF`
const one = { id: 'k1', secret: secret('one') }
const two = { id: 'k2', secret: secret('two') }
const keys = (...items: string[]) => space.yaml({ proof: { keys: `[${items.join(', ')}]` } })
const item = ({ id, secret: of }: { id: string; secret: string }) => `{ id: ${id}, secret: ${of} }`

describe('proof.keys', () => {
  test('are taken in their order, whatever characters their secrets have', () => {
    const odd = { id: '_-9', secret: 'ein langes Geheimnis, mit ümläuten: und Komma' }
    expect(space.load(keys(item(two), item(one))).proof).toEqual({ keys: [two, one] })
    expect(space.load(keys(`{ id: ${odd.id}, secret: "${odd.secret}" }`)).proof.keys).toEqual([odd])
  })

  test('may be left out, and are then none', () => {
    for (const yaml of [space.yaml(), `${space.yaml()}proof:\n`, `${space.yaml()}proof: {}\n`]) {
      expect(space.load(yaml).proof).toEqual({ keys: [] })
    }
  })

  test.each([
    ['[]', ['proof.keys: is an empty list: give at least one key, or leave the key out']],
    ['k1', ['proof.keys: must be a list, like "- id: k1"']],
    ['[k1]', ['proof.keys[0]: must hold keys, like "key: value"']],
    [
      `[${item({ ...one, id: 'a b' })}]`,
      ['proof.keys[0].id: "a b" is no id of a key: 1 to 32 of 0-9 A-Z a-z _ -'],
    ],
    [
      `[{ id: "", secret: ${one.secret} }]`,
      ['proof.keys[0].id: is empty: give a value or leave the key out'],
    ],
    [
      `[${item({ ...one, id: one.secret })}]`,
      ['proof.keys[0].id: a value of 36 characters is no id of a key: 1 to 32 of 0-9 A-Z a-z _ -'],
    ],
    [
      `[${item({ id: 'k1', secret: 'x'.repeat(31) })}]`,
      [
        'proof.keys[0].secret: a value of 31 characters is no secret of a key, which has 32 or more: make one with openssl rand -base64 32',
      ],
    ],
    [
      `[{ id: k1, secret: '"${one.secret}"' }]`,
      ['proof.keys[0].secret: a value of 38 characters is in quotes: take its quotes away'],
    ],
    [
      `[${item({ id: 'k1', secret: 'a-secret-of-32-characters-or-more' })}]`,
      [
        'proof.keys[0].secret: is the one of the docs, which everybody knows: make one with openssl rand -base64 32',
      ],
    ],
    ['[{ id: k1 }]', ['proof.keys[0].secret: not set']],
    [`[{ secret: ${one.secret} }]`, ['proof.keys[0].id: not set']],
    [
      `[${item(one)}, ${item({ ...two, id: 'k1' })}]`,
      ['proof.keys[1].id: "k1" is the id of another key as well'],
    ],
    [
      `[${item(one)}, ${item({ ...one, id: 'k2' })}]`,
      ['proof.keys[1].secret: is the secret of key "k1" as well'],
    ],
    [
      `[{ id: k1, secret: ${one.secret}, sceret: x }]`,
      ['proof.keys[0].sceret: unknown key; did you mean secret?'],
    ],
    [
      `[${Array.from({ length: 101 }, (_, at) => item({ id: `k${at}`, secret: secret(`${at}`) })).join(', ')}]`,
      ['proof.keys: is a list of more than 100 keys'],
    ],
  ])('%.60s is refused, and no secret is shown', (value, faults) => {
    expect(space.faults(space.yaml({ proof: { keys: value } }))).toEqual(faults)
    expect(faults.join()).not.toContain('0123456789abcdef')
  })

  test('a section with another key is refused', () => {
    expect(space.faults(space.yaml({ proof: { key: 'x' } }))).toEqual([
      'proof.key: unknown key; did you mean keys?',
    ])
  })

  test('take a secret from a file, relative to the file that names it', () => {
    space.write('proof_key', `${one.secret}\n`)
    expect(space.load(keys('{ id: k1, secret_file: ./proof_key }')).proof.keys).toEqual([one])
    expect(space.faults(keys(`{ id: k1, secret: ${one.secret}, secret_file: proof_key }`))).toEqual(
      ['proof.keys[0].secret_file: given together with secret: give one of them'],
    )
    expect(space.faults(keys('{ id: k1, secret_file: ./gone }'))).toEqual([
      expect.stringMatching(/^proof\.keys\[0\]\.secret_file: Cannot read .*: no such file$/),
    ])
    space.write('short', 'too-short')
    expect(space.faults(keys('{ id: k1, secret_file: short }'))).toEqual([
      expect.stringContaining('proof.keys[0].secret: a value of 9 characters is no secret'),
    ])
  })

  test('are secrets of the log, and make their file one to keep private', () => {
    const text = `a ${one.secret} b ${two.secret} c`
    const config = space.load(keys(item(one), item(two)))
    expect(redactorOf(secretsOf(config))(text)).toBe('a *** b *** c')
    const bare = { wechat: { api_v3_key: null } }
    const holds = (changes: Parameters<typeof space.yaml>[0]) => {
      const file = space.write('any.yaml', space.yaml(changes))
      return secretFiles({ file, env: {} })
    }
    const listed = { proof: { keys: `[${item(one)}]` } }
    expect(holds({ ...bare, ...listed })).toContain(join(space.directory, 'any.yaml'))
    const apart = holds({ ...bare, proof: { keys: '[{ id: k1, secret_file: proof_key }]' } })
    expect(apart).not.toContain(join(space.directory, 'any.yaml'))
    expect(apart).toContain(join(space.directory, 'proof_key'))
  })
})

describe('PROOF_KEYS', () => {
  test.each([
    ['one', `k1:${one.secret}`, [one]],
    ['several with commas', `k2:${two.secret}, k1:${one.secret}`, [two, one]],
    ['several on lines', `k2:${two.secret}\nk1:${one.secret}\n`, [two, one]],
    ['a secret with colons', `k1:${'a:b'.repeat(12)}`, [{ id: 'k1', secret: 'a:b'.repeat(12) }]],
    ['a file that was made', JSON.stringify({ keys: [{ ...one, made_at: 'x' }, two] }), [one, two]],
  ])('gives %s, and wins over the file', (_, value, taken) => {
    const yaml = keys(item({ id: 'other', secret: secret('other') }))
    expect(space.load(yaml, { env: { PROOF_KEYS: value } }).proof.keys).toEqual(taken)
    const file = space.write('value', `${value}\n`)
    expect(space.load(yaml, { env: { PROOF_KEYS_FILE: file } }).proof.keys).toEqual(taken)
  })

  test.each([
    [one.secret, 'proof.keys (PROOF_KEYS): part 1 is not of the form ID:SECRET'],
    [
      `k1:${one.secret},${two.secret}`,
      'proof.keys (PROOF_KEYS): part 2 is not of the form ID:SECRET',
    ],
    ['', 'proof.keys (PROOF_KEYS): it is not of the form ID:SECRET'],
    ['{"keys":', 'proof.keys (PROOF_KEYS): it is not JSON'],
    [
      JSON.stringify({ keys: [] }),
      'proof.keys (PROOF_KEYS): it is not {"keys":[{"id":"…","secret":"…"}]}',
    ],
    [
      `k 1:${one.secret}`,
      'proof.keys[0].id (PROOF_KEYS): "k 1" is no id of a key: 1 to 32 of 0-9 A-Z a-z _ -',
    ],
    [
      `k1:${one.secret},k2:short`,
      expect.stringContaining('proof.keys[1].secret (PROOF_KEYS): a value of 5 characters'),
    ],
  ])('%.20s is refused, and no secret is shown', (value, fault) => {
    const faults = space.faults(space.yaml(), { env: { PROOF_KEYS: value } })
    expect(faults).toEqual([fault])
    expect(faults.join()).not.toMatch(/0123456789abcdef/)
  })

  test('is not given with its _FILE, nor from a file that is not there', () => {
    const env = { PROOF_KEYS: `k1:${one.secret}`, PROOF_KEYS_FILE: '/x' }
    expect(space.faults(space.yaml(), { env })).toEqual([
      'PROOF_KEYS_FILE: given together with PROOF_KEYS: give one of them',
    ])
    expect(space.faults(space.yaml(), { env: { PROOF_KEYS_FILE: '/gone' } })).toEqual([
      'PROOF_KEYS_FILE: Cannot read the file "/gone": no such file',
    ])
  })
})

describe('completeConfig() with proof keys', () => {
  const gateway = { merchants: [] }

  test('takes those that are given, and makes none', () => {
    process.chdir(directory)
    expect(completeConfig(gateway).proof).toEqual({ keys: [] })
    expect(completeConfig({ ...gateway, proof: { keys: [] } }).proof).toEqual({ keys: [] })
    const config = completeConfig({ ...gateway, proof: { keys: [two, one] } })
    expect(config.proof).toEqual({ keys: [two, one] })
    expect(completeConfig(config)).toEqual(config)
    expect(readdirSync(directory)).toEqual([])
  })

  test('refuses wrong ones', () => {
    const faults = faultsOf(() =>
      completeConfig({ ...gateway, proof: { keys: [{ id: 'k1', secret: 'short' }] } }),
    )
    expect(faults).toEqual([expect.stringMatching(/^proof\.keys\[0\]\.secret: a value of 5 char/)])
  })
})

describe('the file of a key that is made', () => {
  const yaml = 'database: { url: "pglite:memory" }\n'
  const beside = (config: string, name = 'budan-proof-keys.json') => {
    writeFileSync(join(directory, 'budan.yaml'), config)
    return join(directory, name)
  }
  const load = () => loadConfig({ file: join(directory, 'budan.yaml'), env: {}, need: 'database' })

  test('is beside the configuration file', () => {
    const path = beside(yaml)
    const request = { file: join(directory, 'budan.yaml'), env: {} }
    expect(proofKeysPlace(request)).toEqual({ kind: 'made', path })
    writeFileSync(join(directory, 'budan.yaml'), `proof: { keys: [${item(one)}] }`)
    expect(proofKeysPlace(request)).toEqual({ kind: 'given' })
  })

  test.each([
    ['pglite:deep/data', 'deep/budan-proof-keys.json'],
    ['pglite:/srv/budan/data', '/srv/budan/budan-proof-keys.json'],
    ['pglite:memory', 'budan-proof-keys.json'],
    ['postgres://db/budan', 'budan-proof-keys.json'],
    [undefined, 'budan-proof-keys.json'],
  ])('without one, and with the database %s, is %s', (url, path) => {
    process.chdir(directory)
    const env = url === undefined ? {} : { DATABASE_URL: url }
    const whole = path.startsWith('/') ? path : join(process.cwd(), path)
    expect(proofKeysPlace({ file: null, env })).toEqual({ kind: 'made', path: whole })
  })

  test('is made once, with one key, for its owner alone, and read from then on', () => {
    const path = beside(yaml)
    expect(readMadeKeys(path)).toBeNull()
    expect(load().proof.keys).toEqual([])
    expect(existsSync(path)).toBe(false)
    expect(makeKeys(path)).toBeNull()
    const [key] = load().proof.keys
    expect(key?.id).toMatch(/^k20\d{6}-[a-z0-9]{4}$/)
    expect(key?.secret).toMatch(/^[\w-]{43}$/)
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      keys: [{ ...key, made_at: expect.stringMatching(/^\d{4}-.*Z$/) }],
    })
    expect(makeKeys(path)).toBeNull()
    expect(load().proof.keys).toEqual([key])
    expect(readdirSync(directory).sort()).toEqual(['budan-proof-keys.json', 'budan.yaml'])
  })

  test('is not read where the configuration has keys', () => {
    const path = beside(`proof: { keys: [${item(one)}] }`)
    writeFileSync(path, 'damaged')
    expect(load().proof.keys).toEqual([one])
  })

  test.each([
    ['', 'it is not JSON'],
    ['{"keys":[{"id":"k1","sec', 'it is not JSON'],
    ['[]', 'it is not {"keys":[{"id":"…","secret":"…"}]}'],
    ['{"keys":[]}', 'it is not {"keys":[{"id":"…","secret":"…"}]}'],
    [
      JSON.stringify({ keys: [{ ...one, secret: 'short' }] }),
      'it is not {"keys":[{"id":"…","secret":"…"}]}',
    ],
    [
      JSON.stringify({ keys: [one, { ...two, id: 'k1' }] }),
      'it has an id or a secret twice, or more than 100 keys',
    ],
    [' '.repeat(100_001), 'it is too big'],
  ])('with %.30j in it stops the start, and stays as it is', (content, why) => {
    const path = beside(yaml)
    writeFileSync(path, content)
    expect(faultsOf(load)).toEqual([
      `proof: ${JSON.stringify(path)} is damaged, ${why}: put a copy of it back; a new key would verify no credit of before`,
    ])
    expect(makeKeys(path)).toBeNull()
    expect(readFileSync(path, 'utf8')).toBe(content)
  })

  test('that cannot be read stops the start', () => {
    const path = beside(yaml)
    mkdirSync(path)
    const fault = `proof: Cannot read the keys of proofs in ${JSON.stringify(path)}: `
    expect(faultsOf(load)).toEqual([`${fault}it is a directory`])
    rmSync(path, { recursive: true })
    symlinkSync(join(directory, 'nowhere'), path)
    expect(faultsOf(load)).toEqual([`${fault}it is a link that leads nowhere`])
  })

  test.skipIf(process.platform === 'win32')('is one to keep private', () => {
    const path = beside(yaml)
    makeKeys(path)
    const exposed = () =>
      secretFiles({ file: join(directory, 'budan.yaml'), env: {} }).filter(isExposed)
    expect(exposed()).toEqual([])
    chmodSync(path, 0o644)
    expect(exposed()).toEqual([path])
  })

  test('cannot be made in a directory that is not there', () => {
    expect(makeKeys(join(directory, 'gone', 'k.json'))).toEqual({
      why: 'its directory is not there',
    })
  })

  test.skipIf(process.platform === 'win32')(
    'cannot be made in a directory that is read-only',
    () => {
      chmodSync(directory, 0o555)
      // Root may write anywhere.
      if (process.getuid?.() === 0) process.seteuid?.('nobody')
      try {
        expect(makeKeys(join(directory, 'k.json'))).toEqual({ why: 'permission denied' })
      } finally {
        if (process.getuid?.() === 0) process.seteuid?.(0)
        chmodSync(directory, 0o700)
      }
    },
  )

  test('is the same for processes that make it at once, and always whole', async () => {
    const path = beside(yaml)
    const program = `
      import { makeKeys, readMadeKeys } from ${JSON.stringify(join(home, 'src/config/proof/made-keys.ts'))}
      process.stdout.write('ready')
      process.stdin.once('data', () => {
        const made = makeKeys(${JSON.stringify(path)})
        process.stdout.write(JSON.stringify([made, readMadeKeys(${JSON.stringify(path)})]))
        process.exit(0)
      })`
    const said = await atOnce(4, program)
    const [first] = said
    expect(JSON.parse(first ?? '')).toEqual([null, { kind: 'value', value: [expect.anything()] }])
    expect(new Set(said).size).toBe(1)
    expect(readdirSync(directory).sort()).toEqual(['budan-proof-keys.json', 'budan.yaml'])
  })
})

/** What processes print that begin when all of them are ready. */
async function atOnce(count: number, program: string): Promise<readonly string[]> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const children = Array.from({ length: count }, () => spawn(process.execPath, args, { cwd: home }))
  const ready = children.map(
    (child) => new Promise((resolve) => child.stdout.once('data', resolve)),
  )
  await Promise.all(ready)
  const ended = children.map(
    (child) =>
      new Promise<string>((resolve, reject) => {
        let said = ''
        child.stdout.on('data', (text) => {
          said += text
        })
        child.once('error', reject)
        child.once('close', () => resolve(said))
      }),
  )
  for (const child of children) child.stdin.write('go\n')
  return Promise.all(ended)
}
