import { writeSync } from 'node:fs'
import { CommanderError } from 'commander'
import { redactorOf } from '../config/redact.ts'
import { localeOfEnvironment } from '../i18n/locale.ts'
import { describeFailure } from './failure.ts'
import { createProgram } from './program/program.ts'
import { asCalled } from './terminal/called.ts'
import { concealed } from './terminal/concealed.ts'
import { plainText } from './terminal/plain.ts'
import { type ExitCode, processTerminal, type Terminal } from './terminal/terminal.ts'

/** The `budan` command: runs the command of the arguments, and ends the process with its exit code. */
export async function main(): Promise<void> {
  // A reader that closes the pipe early (`budan orders | head`) is not a failure.
  process.stdout.on('error', () => {})
  process.on('uncaughtException', endUnexpectedly)
  const code = await runCommand(process.argv.slice(2), processTerminal())
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  // Explicitly, because an idle connection or timer of a library must not delay the exit.
  process.exit(code)
}

/** The same without ending the process, for tests and for programs with a terminal of their own. */
export async function runCommand(argv: readonly string[], given: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0
  const terminal = concealed(given)
  const program = createProgram(terminal, (end) => {
    code = end
  })
  const locale = localeOfEnvironment(terminal.env)
  // Loaded only if needed, so that `--help` appears at once.
  if (locale !== 'en') (await import('./program/help.ts')).speak(program, locale)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    // Commander has printed the message. Its code 1 means wrong usage, which is 2 here.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { lines, code } = describeFailure(error)
    const { translate } = await import('../i18n/translate.ts')
    const call = terminal.call ?? 'budan'
    const shown = lines.map((line) => asCalled(plainText(translate(line, locale)), call))
    terminal.err(shown.map((line) => `${line}\n`).join(''))
    return code
  }
}

/**
 * Node would print all properties of the error, such as a URL with a password that a library could
 * not parse.
 */
function endUnexpectedly(error: unknown): void {
  const text = describeFailure(error).lines.map(plainText).join('\n')
  writeSync(process.stderr.fd, `${redactorOf([])(text)}\n`)
  process.exit(1)
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve()
    else stream.write('', () => resolve())
  })
}
