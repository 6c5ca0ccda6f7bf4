import { type Command, Help } from 'commander'
import type { Locale } from '../../i18n/locale.ts'
import { translate } from '../../i18n/translate.ts'
import { widthOf, wrapped } from '../terminal/layout.ts'

/** Prints help and usage errors in the person's language. Names of commands and options stay. */
export function speak(command: Command, locale: Locale): void {
  const say = (text: string) => translate(text, locale)
  command.configureHelp({ ...command.configureHelp(), ...spokenHelp(say) })
  const { writeOut } = command.configureOutput()
  command.configureOutput({
    // Text that is added to a command's help is written by a call of its own.
    writeOut: (text) => writeOut?.(text.replace(text.trim(), say)),
    // Commander's hint ends with a line end of its own.
    outputError: (text, write) => write(`${say(text.trimEnd())}\n`),
  })
  command.showHelpAfterError(say('(see --help)'))
  for (const each of command.commands) speak(each, locale)
}

function spokenHelp(say: (text: string) => string): Partial<Help> {
  const own = new Help()
  return {
    styleTitle: say,
    commandDescription: (command) => say(own.commandDescription(command)),
    subcommandDescription: (command) => say(own.subcommandDescription(command)),
    optionDescription: (option) => say(own.optionDescription(option)),
    argumentDescription: (argument) => say(own.argumentDescription(argument)),
    displayWidth: widthOf,
    boxWrap: wrapped,
  }
}
