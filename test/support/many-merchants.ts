import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  generateMerchant,
  type Merchant,
  merchantFiles,
  merchantOptions,
  type Simulator,
  startSimulator,
  writeMerchant,
} from 'budan-simulator'
import pg from 'pg'
import { stringify } from 'yaml'
import { type RunningCommand, startBudan } from '../cli/budan.ts'

/** One of the merchants of real processes, with a gateway of its own. */
export interface Place {
  readonly name: string
  readonly merchant: Merchant
  readonly simulator: Simulator
  /** Of its keys. */
  readonly directory: string
}

/**
 * A gateway for each name. Making keys takes longer than all else, and most tests do not depend on them:
 * all have the same ones, and numbers of their own.
 */
export async function openPlaces(
  names: readonly string[],
  { directory }: { readonly directory: string },
): Promise<readonly Place[]> {
  const keys = await generateMerchant()
  return Promise.all(names.map((name, nth) => openPlace(name, { keys, nth, directory })))
}

async function openPlace(
  name: string,
  { keys, nth, directory }: { keys: Merchant; nth: number; directory: string },
): Promise<Place> {
  const number = String(nth + 1).padStart(4, '0')
  const merchant = { ...keys, mchid: `190000${number}`, appid: `wx000000000000${number}` }
  const own = join(directory, name)
  mkdirSync(own)
  await writeMerchant(own, merchant)
  // It is of the number that the keys were made for.
  rmSync(join(own, merchantFiles.certificate))
  const options = { ...merchantOptions(merchant), signing: 'public_key', seed: name } as const
  return { name, merchant, simulator: await startSimulator(options), directory: own }
}

/** The merchant's item in a file with several. `change`: what it has otherwise. */
export function merchantItem(
  { name, merchant, simulator, directory }: Place,
  change: object = {},
): object {
  return {
    name,
    base_url: simulator.url,
    mch_id: merchant.mchid,
    app_id: merchant.appid,
    serial_no: merchant.serialNo,
    private_key_path: join(directory, merchantFiles.privateKey),
    api_v3_key: merchant.apiV3Key,
    notify_url: `http://127.0.0.1:9/v1/callbacks/wechatpay/${name}`,
    public_key_id: merchant.wechatpay.publicKeyId,
    public_key_path: join(directory, merchantFiles.publicKey),
    ...change,
  }
}

export function writeConfiguration(file: string, sections: object): string {
  writeFileSync(file, stringify(sections), { mode: 0o600 })
  return file
}

/** A running `budan serve`. */
export interface ServingNode {
  readonly command: RunningCommand
  readonly url: string
  /** The most memory that it has held, in MiB; null where the system does not say. */
  peakMib(): number | null
  get(path: string): Promise<{ status: number; body: unknown }>
  post(path: string, body: object): Promise<{ status: number; body: unknown }>
  /** Sends SIGTERM, and resolves with the exit code. */
  stop(): Promise<number | null>
}

/** Resolves once it is ready. */
export async function serve(
  file: string,
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<ServingNode> {
  const command = startBudan(['serve', '--config', file], { cwd, env })
  const [, url = ''] = await command.printed(/ready at (http:\/\/[^\s/]+)/)
  return {
    ...{ command, url },
    peakMib: () => peakMib(command.child.pid),
    get: async (path) => answerOf(await fetch(`${url}${path}`)),
    post: async (path, body) =>
      answerOf(
        await fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
    stop: async () => {
      command.child.kill('SIGTERM')
      return (await command.ended).code
    },
  }
}

async function answerOf(response: Response): Promise<{ status: number; body: unknown }> {
  return { status: response.status, body: await response.json() }
}

function peakMib(pid: number | undefined): number | null {
  if (process.platform !== 'linux') return null
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return kib === undefined ? null : Number(kib) / 1024
}

/** Rows of a database, by statements of the test's own. */
export async function rowsAt<T extends pg.QueryResultRow>(
  url: string,
  statement: string,
): Promise<readonly T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(statement)).rows
  } finally {
    await client.end()
  }
}
