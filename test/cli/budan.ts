import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../src/cli/main.ts'
import type { Terminal } from '../../src/cli/terminal/terminal.ts'
import { shortLived } from '../support/short-lived.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface CommandOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Where a copy of the program is; without: the one that was built here. */
  readonly program?: string
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A running `bin/budan.js`, as a person starts it. */
export interface RunningCommand {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
  /** Resolves with the first match in standard output; rejects when the command ends without one. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
}

export function startBudan(
  args: readonly string[],
  { cwd, env = {}, program = root }: CommandOptions,
): RunningCommand {
  const entry = join(program, 'bin/budan.js')
  const child = spawn(process.execPath, [...shortLived, entry, ...args], {
    cwd,
    // Nothing of the machine's own settings: DATABASE_URL may be somebody's.
    env: { PATH: process.env.PATH ?? '', HOME: cwd, ...env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(stdout)
        if (match !== null) resolve(match)
      }
      child.stdout.on('data', look)
      look()
      void ended.then((end) =>
        reject(new Error(`budan ${args.join(' ')} ended with ${end.code} before: ${end.stderr}`)),
      )
    })
  return { child, ended, printed }
}

export function runBudan(args: readonly string[], options: CommandOptions): Promise<Ended> {
  const { child, ended } = startBudan(args, options)
  child.stdin.end()
  return ended
}

/** The same within the test's own process, which has to open its parts only once; paths are the caller's to make absolute. */
export async function runInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  screen: Partial<Terminal> = {},
): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  const terminal: Terminal = {
    env,
    isInteractive: false,
    hasColor: false,
    out: (text) => {
      stdout += text
    },
    err: (text) => {
      stderr += text
    },
    stopRequested: () => new Promise(() => {}),
    ...screen,
  }
  const code = await runCommand(args, terminal)
  return { code, stdout, stderr }
}

/** An empty directory to start commands in, so that no ./budan.yaml is found. */
export function openDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'budan-cli-'))
  return {
    path,
    /** Returns the path of the file. */
    write(name: string, content: string | Buffer): string {
      const file = join(path, name)
      writeFileSync(file, content)
      return file
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}
