import type { Command } from 'commander'
import { bashScript } from '../completion/bash.ts'
import { fishScript } from '../completion/fish.ts'
import { completionsOf } from '../completion/spec.ts'
import { zshScript } from '../completion/zsh.ts'
import type { CommandContext, CommandInput } from '../context.ts'
import type { Shell } from '../terminal/shells.ts'
import type { ExitCode } from '../terminal/terminal.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** Prints the completion script of a shell, made from the program's commands and options. */
export function completion(program: Command) {
  return async (
    { output, terminal }: CommandContext,
    { args }: CommandInput,
  ): Promise<ExitCode> => {
    // Commander has checked that the argument is one of the shells.
    const shell = args[0] as Shell
    const script = scripts[shell](completionsOf(program, output.say))
    if (output.asJson) output.json({ shell, script })
    else terminal.out(script)
    return 0
  }
}
