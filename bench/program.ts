import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { writeMerchant } from 'budan-simulator'
import { stringify } from 'yaml'
import { configurationFor } from '../src/demo/configuration.ts'
import type { InstantGateway } from './gateway/start.ts'

const entry = fileURLToPath(new URL('../bin/budan.js', import.meta.url))

/** A directory with the configuration and the keys for the built program. */
export interface Workplace {
  readonly path: string
  remove(): Promise<void>
}

export async function openWorkplace(): Promise<Workplace> {
  const path = await mkdtemp(join(tmpdir(), 'budan-bench-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Writes `budan.yaml` to the place where the program finds it by default. */
export async function configure(
  { path }: Workplace,
  {
    gateway,
    databaseUrl,
    recharge,
    sections = {},
  }: { gateway: InstantGateway; databaseUrl: string; recharge: object; sections?: object },
): Promise<void> {
  await writeMerchant(path, gateway.merchant)
  const { url } = gateway
  const simulator = { url, timeScale: 1, signing: 'public_key' }
  const wechat = configurationFor(simulator, gateway.merchant, { dir: path })
  const own = { server: { port: 0 }, database: { url: databaseUrl }, log: { level: 'error' } }
  // Two sections of the same name would be an error, so the generated file's other sections are cut
  // off.
  const keys = wechat.slice(wechat.indexOf('wechat:'))
  await writeFile(join(path, 'budan.yaml'), stringify({ ...own, ...sections, recharge }) + keys)
}

export interface Started {
  readonly child: ChildProcess
  /** Resolves with its whole standard output; rejects unless it exits with 0. */
  readonly ended: Promise<string>
  /** Resolves with the first match in its standard output. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
}

/** Starts the built program as a user does. */
export function startProgram(
  args: readonly string[],
  { cwd, env = {}, nodeArgs = [], log = 'pipe' }: StartOptions,
): Started {
  const child = spawn(process.execPath, [...nodeArgs, entry, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', log],
  })
  let output = ''
  let errorOutput = ''
  const stdout = child.stdout as Readable
  stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorOutput += text
  })
  const ended = once(child, 'close').then(([code]) => {
    if (code === 0) return output
    throw new Error(`budan ${args.join(' ')} ended with ${String(code)}: ${errorOutput}`)
  })
  const printed = async (pattern: RegExp) => {
    for (;;) {
      const match = pattern.exec(output)
      if (match !== null) return match
      const end = ended.then(() => 'ended' as const)
      if ((await Promise.race([once(stdout, 'data'), end])) === 'ended') {
        throw new Error(`budan ${args.join(' ')} ended without printing ${String(pattern)}`)
      }
    }
  }
  return { child, ended, printed }
}

export interface StartOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly nodeArgs?: readonly string[]
  /**
   * A file for its log where that is too long for memory. Its error messages are then in that file.
   */
  readonly log?: number | 'pipe'
}

/** Stops the program and waits for its end. Does nothing if it has ended. */
export async function stopProgram({ child }: Started): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  await closed
}
