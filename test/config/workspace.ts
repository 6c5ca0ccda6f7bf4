import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/fault.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { ConfigNeed } from '../../src/config/requirements.ts'

/** A directory with the keys of one merchant, for one test file. */
export interface Workspace {
  readonly directory: string
  readonly merchant: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  /** Writes a file and gives its path. */
  write(name: string, content: string | Uint8Array): string
  /** A whole, right configuration; `changes` replace or remove (null) keys of its sections. */
  yaml(changes?: Changes): string
  load(yaml: string, options?: LoadOptions): Config
  /** The faults of a configuration; empty when it is right. */
  faults(yaml: string, options?: LoadOptions): readonly string[]
  remove(): void
}

type Changes = Readonly<Record<string, Readonly<Record<string, string | null>>>>

export interface LoadOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly need?: ConfigNeed
}

export const apiV3Key = '0123456789abcdef0123456789ABCDEF'

export function openWorkspace(): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'budan-config-'))
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(directory, name)
    writeFileSync(path, content)
    return path
  }
  const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const wechat = {
    mch_id: '1900000001',
    app_id: 'wx0123456789abcdef',
    serial_no: '5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC',
    private_key_path: write('key.pem', privatePem(merchant.privateKey)),
    api_v3_key: apiV3Key,
    notify_url: 'https://shop.example/v1/callbacks/wechatpay',
  }
  const load = (yaml: string, { env = {}, need = 'serve' }: LoadOptions = {}): Config =>
    loadConfig({ file: write('budan.yaml', yaml), env, need })
  return {
    directory,
    merchant,
    write,
    yaml: (changes = {}) => yamlOf(changes, { wechat }),
    load,
    faults: (yaml, options) => faultsOf(() => load(yaml, options)),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

export function faultsOf(load: () => Config): readonly string[] {
  try {
    load()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

export function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

export function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function yamlOf(changes: Changes, base: Changes): string {
  const names = [...new Set([...Object.keys(base), ...Object.keys(changes)])]
  return names
    .map((name) => {
      const keys = Object.entries({ ...base[name], ...changes[name] })
      const lines = keys
        .filter(([, value]) => value !== null)
        .map(([key, value]) => `  ${key}: ${value}`)
      return `${name}:\n${lines.join('\n')}\n`
    })
    .join('')
}
