import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A running `bin/budan.js`, started as in production. */
export interface Program {
  readonly pid: number
  readonly ended: Promise<Ending>
  readonly hasEnded: () => boolean
  /** Resolves with the first match in standard output; rejects when the program ends without one. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  signal(signal: NodeJS.Signals): void
}

const here = fileURLToPath(new URL('../..', import.meta.url))

interface StartOptions {
  readonly directory: string
  readonly log: string
  readonly nodeArgs?: readonly string[]
  /** Where the program is; without: here. */
  readonly root?: string
}

/** Standard error goes to `log` in `directory`, behind what is there. */
export function startProgram(
  args: readonly string[],
  { directory, log, nodeArgs = [], root = here }: StartOptions,
): Program {
  // A file instead of a pipe: it has all that a killed process wrote.
  const errors = openSync(join(directory, log), 'a')
  const child = spawn(process.execPath, [...nodeArgs, join(root, 'bin/budan.js'), ...args], {
    cwd: directory,
    // The machine's own settings stay out: DATABASE_URL may name a real database.
    env: { PATH: process.env.PATH ?? '', HOME: directory },
    stdio: ['ignore', 'pipe', errors],
  })
  closeSync(errors)
  running.add(child)
  const { stdout } = child
  if (stdout === null) throw new Error('Cannot read what budan prints: it has no pipe')
  let printed = ''
  stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    signal: (signal) => void child.kill(signal),
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(printed)
          if (match !== null) resolve(match)
        }
        stdout.on('data', look)
        look()
        const early = () => reject(new Error(`budan ${args[0]} ended before it was ready`))
        void ended.then(early, early)
      }),
  }
}

const running = new Set<ChildProcess>()

/** The last resort when the campaign itself fails: only SIGKILL ends a process that SIGSTOP stopped. */
export function killPrograms(): void {
  for (const child of running) child.kill('SIGKILL')
}
