import { calledAs } from './called.ts'
import { createPrompt, type Prompt } from './prompt.ts'
import { listenForStop } from './stop.ts'

/** What a command may use of its process. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv
  /** A person reads standard output, and no file or pipe. */
  readonly isInteractive: boolean
  readonly hasColor: boolean
  /** How wide it is; absent where it has no width, and no box has to fit. */
  readonly columns?: number
  /** What a person types to call the program; absent: `budan`. */
  readonly call?: string
  /** Results. */
  out(text: string): void
  /** Everything else. */
  err(text: string): void
  /** Absent where nobody is there to ask. */
  readonly prompt?: Prompt
  /** Resolves when the command is asked to stop; once called, it is for the command to end. */
  stopRequested(): Promise<void>
}

/** 0: done. 1: the work failed. 2: wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process
  const isInteractive = stdout.isTTY === true
  return {
    env: process.env,
    call: calledAs({ env: process.env, script: process.argv[1], cwd: process.cwd() }),
    isInteractive,
    hasColor: isInteractive && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    ...(isInteractive && stdout.columns > 0 ? { columns: stdout.columns } : {}),
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    // Results may go to a file meanwhile; a question that nobody sees would wait for ever.
    ...(stdin.isTTY && stderr.isTTY
      ? { prompt: createPrompt({ input: stdin, screen: stderr }) }
      : {}),
    stopRequested: listenForStop,
  }
}
