import { calledAs } from './called.ts'
import { createPrompt, type Prompt } from './prompt.ts'
import { listenForStop } from './stop.ts'

export interface Terminal {
  readonly env: NodeJS.ProcessEnv
  /** Standard output is a terminal, not a file or pipe. */
  readonly isInteractive: boolean
  readonly hasColor: boolean
  /** The width of the terminal; absent when it is unknown, and boxes may have any width. */
  readonly columns?: number
  /** What a person types to call the program. Default: `budan`. */
  readonly call?: string
  /** Prints results. */
  out(text: string): void
  /** Prints everything else. */
  err(text: string): void
  /** Absent when there is no terminal to prompt on. */
  readonly prompt?: Prompt
  /**
   * Resolves at a signal to stop. Once this is called, signals do not end the process: the command
   * must.
   */
  stopRequested(): Promise<void>
}

/**
 * 0: done. 1: the work failed. 2: wrong usage or configuration, or an input that cannot be judged.
 * 3: done, and something was found.
 */
export type ExitCode = 0 | 1 | 2 | 3

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
    // Prompts are on standard error, because results may go to a file. Without a terminal there is no
    // prompt: it would wait for ever.
    ...(stdin.isTTY && stderr.isTTY
      ? { prompt: createPrompt({ input: stdin, screen: stderr }) }
      : {}),
    stopRequested: listenForStop,
  }
}
