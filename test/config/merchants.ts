import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { apiV3Key, openWorkspace, privatePem, publicPem, type Workspace } from './workspace.ts'

type Changes = Readonly<Record<string, string | null>>

/** A workspace with the keys of three merchants, and of WeChat Pay for two of them. */
export interface Several extends Workspace {
  /** Those of `shop-a`, `shop-b` and `shop-c`. */
  readonly keys: readonly KeyObject[]
  /** `merchants:` with an item for each; `changes` replace or remove (null) keys of it. */
  merchants(...changes: readonly Changes[]): string
}

export function openSeveral(): Several {
  const space = openWorkspace()
  const names = ['a', 'b', 'c']
  const pairs = names.map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }))
  for (const [at, { privateKey, publicKey }] of pairs.entries()) {
    space.write(`${names[at]}.pem`, privatePem(privateKey))
    space.write(`${names[at]}-own.pem`, publicPem(publicKey))
    const { publicKey: theirs } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    space.write(`${names[at]}-theirs.pem`, publicPem(theirs))
  }
  const whole = (at: number): Changes => ({
    name: `shop-${names[at]}`,
    mch_id: `190000000${at + 1}`,
    app_id: `wx0123456789abcde${at}`,
    serial_no: `5E1${at}`,
    private_key_path: `${names[at]}.pem`,
    api_v3_key: apiV3Key,
  })
  return {
    ...space,
    keys: pairs.map(({ privateKey }) => privateKey),
    merchants: (...changes) =>
      `merchants:\n${changes.map((each, at) => itemOf({ ...whole(at), ...each })).join('')}`,
  }
}

function itemOf(keys: Changes): string {
  const lines = Object.entries(keys).filter(([, value]) => value !== null)
  return lines.map(([key, value], at) => `${at === 0 ? '  - ' : '    '}${key}: ${value}\n`).join('')
}
