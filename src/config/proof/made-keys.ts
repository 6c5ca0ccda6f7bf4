import { randomBytes, randomInt } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import type { ProofKey } from '../config.ts'
import { codeOf, fault, type Read, readFailure, value, writeFailure } from '../fault.ts'
import { type ConfigTree, textIn } from '../file.ts'
import { defaultDatabaseUrl, homeOf } from '../paths.ts'
import { proofKeySchema, proofSchema } from './proof-schema.ts'

/**
 * The key that budan makes where the configuration has none, in a file of its own. It is made once, and
 * then read: another key in its place would hide that credits were proven by the first.
 */
const fileName = 'budan-proof-keys.json'

/**
 * Beside the configuration file; without one beside the directory of the embedded database, or else in
 * the working directory.
 */
export function madeKeysPath(tree: ConfigTree, file: string | null): string {
  if (file !== null) return join(homeOf(file), fileName)
  const url = (textIn(tree, 'database', 'url') ?? defaultDatabaseUrl).trim()
  const directory = /^pglite:(?!memory$)(.+)$/s.exec(url)?.[1]
  return join(directory === undefined ? process.cwd() : dirname(resolve(directory)), fileName)
}

const madeShape = z.strictObject({
  keys: z.array(proofKeySchema.extend({ made_at: z.string().optional() })).min(1),
})

// 100 keys have 10 KB.
const fileBytesMax = 100_000

/** The keys of the file; null: it is not there. No fault quotes its content. */
export function readMadeKeys(path: string): Read<readonly ProofKey[]> | null {
  // A link that leads nowhere is there, and wrong.
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null
  try {
    if (statSync(path).size > fileBytesMax) return fault(damaged(path, 'it is too big'))
    const read = keysIn(readFileSync(path, 'utf8'))
    return read.kind === 'value' ? read : fault(damaged(path, read.fault))
  } catch (error) {
    return fault(`Cannot read the keys of proofs in ${JSON.stringify(path)}: ${readFailure(error)}`)
  }
}

/** The keys in the text of such a file. */
export function keysIn(text: string): Read<readonly ProofKey[]> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return fault('it is not JSON')
  }
  const parsed = madeShape.safeParse(json)
  if (!parsed.success) return fault('it is not {"keys":[{"id":"…","secret":"…"}]}')
  const keys = parsed.data.keys.map(({ id, secret }) => ({ id, secret }))
  return proofSchema.safeParse({ keys }).success
    ? value(keys)
    : fault('it has an id or a secret twice, or more than 100 keys')
}

function damaged(path: string, why: string): string {
  return `${JSON.stringify(path)} is damaged, ${why}: put a copy of it back; a new key would verify no credit of before`
}

/**
 * Makes the file with one key, unless it is there. Of several processes that do so at once one makes it,
 * and it is whole when it appears: the others read it afterwards. Null: it is there now.
 */
export function makeKeys(path: string): { readonly why: string } | null {
  const unfinished = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.new`
  try {
    writeFileSync(unfinished, textOf(madeKey()), { mode: 0o600, flag: 'wx', flush: true })
    linkSync(unfinished, path)
    keepName(dirname(path))
    return null
  } catch (error) {
    return codeOf(error) === 'EEXIST' ? null : { why: writeFailure(error) }
  } finally {
    rmSync(unfinished, { force: true })
  }
}

function textOf(key: ProofKey): string {
  const made = { ...key, made_at: new Date().toISOString() }
  return `${JSON.stringify({ keys: [made] }, null, 2)}\n`
}

function madeKey(): ProofKey {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  const end = Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('')
  return { id: `k${day}-${end}`, secret: randomBytes(32).toString('base64url') }
}

/** After a loss of power the file must still be there: credits are proven by its key from now on. */
function keepName(directory: string): void {
  // Windows opens no directory, and keeps names by itself.
  if (process.platform === 'win32') return
  const opened = openSync(directory, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}
