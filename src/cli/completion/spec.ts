import type { Argument, Command, Option } from 'commander'

/** What a shell can offer, read from the program. */
export interface Completions {
  readonly name: string
  /** The options that every command has. */
  readonly options: readonly OptionSpec[]
  readonly commands: readonly CommandSpec[]
}

export interface CommandSpec {
  readonly name: string
  readonly description: string
  readonly options: readonly OptionSpec[]
  /** Words that may follow the command. */
  readonly words: readonly string[]
}

export interface OptionSpec {
  /** With the dashes. */
  readonly name: string
  readonly description: string
  readonly value: ValueSpec
}

/** What follows an option: nothing, one of a set of words, a path, or any text. */
export type ValueSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'any'; readonly name: string }

type Say = (sentence: string) => string

/** @param say translates descriptions into the person's language. */
export function completionsOf(program: Command, say: Say): Completions {
  const optionsOf = (command: Command) => command.options.map((option) => optionSpec(option, say))
  const help: OptionSpec = {
    name: '--help',
    description: say('display help for command'),
    value: { kind: 'none' },
  }
  return {
    name: program.name(),
    options: [...optionsOf(program), help],
    commands: program.commands.map((command) => ({
      name: command.name(),
      description: say(command.description()),
      options: optionsOf(command),
      words: command.registeredArguments.flatMap(wordsOf),
    })),
  }
}

function wordsOf({ argChoices }: Argument): readonly string[] {
  return argChoices ?? []
}

function optionSpec(option: Option, say: Say): OptionSpec {
  return {
    name: option.long ?? option.flags,
    description: say(option.description),
    value: valueSpec(option),
  }
}

function valueSpec({ flags, argChoices }: Option): ValueSpec {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices }
  const name = /<(.+?)(?:\.\.\.)?>/.exec(flags)?.[1]
  if (name === undefined) return { kind: 'none' }
  return name === 'file' || name === 'directory' ? { kind: name } : { kind: 'any', name }
}
