import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { listenForStop } from './stop.ts'

/** What a command may use of its process. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv
  /** A person reads standard output, and no file or pipe. */
  readonly isInteractive: boolean
  readonly hasColor: boolean
  /** How wide it is; absent where it has no width, and no box has to fit. */
  readonly columns?: number
  /** Results. */
  out(text: string): void
  /** Everything else. */
  err(text: string): void
  /** Asks the person, and resolves with the line typed; null at the end of input. Absent where nobody is there to ask. */
  readonly ask?: (question: string, options?: AskOptions) => Promise<string | null>
  /** Resolves when the command is asked to stop; once called, it is for the command to end. */
  stopAsked(): Promise<void>
}

export interface AskOptions {
  /** What is typed is not shown. */
  readonly hidden?: boolean
}

/** 0: done. 1: the work failed. 2: wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2

export function processTerminal(): Terminal {
  const isInteractive = process.stdout.isTTY === true
  return {
    env: process.env,
    isInteractive,
    hasColor: isInteractive && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    ...(isInteractive && process.stdout.columns > 0 ? { columns: process.stdout.columns } : {}),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    ...(isInteractive && process.stdin.isTTY ? { ask: askPerson } : {}),
    stopAsked: listenForStop,
  }
}

/** On standard error: standard output may be on its way to a file. */
function askPerson(question: string, { hidden = false }: AskOptions = {}): Promise<string | null> {
  const { stdin: input, stderr } = process
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = hidden
    ? createInterface({ input, output: nowhere, terminal: true })
    : createInterface({ input, output: stderr })
  if (hidden) stderr.write(question)
  return new Promise((resolve) => {
    lines.once('close', () => {
      if (hidden) stderr.write('\n')
      resolve(null)
    })
    lines.question(hidden ? '' : question, (line) => {
      resolve(line)
      lines.close()
    })
  })
}
