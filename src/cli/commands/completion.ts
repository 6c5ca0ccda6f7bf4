import type { Command } from 'commander'
import { bashScript } from '../completion/bash.ts'
import { fishScript } from '../completion/fish.ts'
import { completionsOf } from '../completion/spec.ts'
import { zshScript } from '../completion/zsh.ts'
import type { CommandContext } from '../context.ts'
import type { CommandInput } from '../program.ts'
import type { Shell } from '../shells.ts'
import type { ExitCode } from '../terminal.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** Prints the script of a shell, made from the commands and options that there are. */
export function completion(program: Command) {
  return async (
    { output, terminal }: CommandContext,
    { args }: CommandInput,
  ): Promise<ExitCode> => {
    // Commander has seen to it that it is one of them.
    const shell = args[0] as Shell
    const script = scripts[shell](completionsOf(program, output.say))
    if (output.asJson) output.json({ shell, script })
    else terminal.out(script)
    return 0
  }
}
