import { createInterface } from 'node:readline'
import { listenForStop } from './stop.ts'

/** What a command may use of its process. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv
  /** A person reads standard output, and no file or pipe. */
  readonly isInteractive: boolean
  readonly hasColor: boolean
  /** Results. */
  out(text: string): void
  /** Everything else. */
  err(text: string): void
  /** Asks the person, and resolves with the line typed; null at the end of input. Absent where nobody is there to ask. */
  readonly ask?: (question: string) => Promise<string | null>
  /** Resolves when the command is asked to stop; once called, it is for the command to end. */
  stopAsked(): Promise<void>
}

/** 0: done. 1: the work failed. 2: wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2

export function processTerminal(): Terminal {
  const isInteractive = process.stdout.isTTY === true
  return {
    env: process.env,
    isInteractive,
    hasColor: isInteractive && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    ...(isInteractive && process.stdin.isTTY ? { ask: askPerson } : {}),
    stopAsked: listenForStop,
  }
}

/** On standard error: standard output may be on its way to a file. */
function askPerson(question: string): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve) => {
    lines.once('close', () => resolve(null))
    lines.question(question, (line) => {
      resolve(line)
      lines.close()
    })
  })
}
